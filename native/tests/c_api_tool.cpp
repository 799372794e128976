// Uses the C API as a careless program would: c_api_tool MODEL OTHER, which have different
// vocabularies. The status tells whether every answer was
// right.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "stapes.h"

namespace {

stapes_model* model = nullptr;

stapes_stream* new_stream(int beam) {
  stapes_stream* stream = nullptr;
  CHECK_EQUAL(stapes_stream_new(model, beam, &stream, nullptr), STAPES_OK);
  return stream;
}

std::string text_of(stapes_stream* stream) {
  stapes_result* result = nullptr;
  CHECK_EQUAL(stapes_stream_result(stream, &result, nullptr), STAPES_OK);
  std::string text = stapes_result_text(result);
  stapes_result_free(result);
  return text;
}

std::vector<int16_t> noise(std::size_t samples) {
  std::vector<int16_t> sound;
  std::uint32_t state = 1;
  for (std::size_t index = 0; index < samples; ++index) {
    state = state * 1664525 + 1013904223;
    sound.push_back(static_cast<int16_t>(state >> 18));
  }
  return sound;
}

void null_pointers() {
  stapes_error error;
  CHECK_EQUAL(stapes_model_open(nullptr, &model, &error), STAPES_INTERNAL);
  CHECK_EQUAL(std::string(error.text), "stapes_model_open: a null pointer was given");
  CHECK_EQUAL(stapes_model_open("x", nullptr, nullptr), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_stream_push(nullptr, nullptr, 0, nullptr), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_stream_finish(nullptr, nullptr), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_stream_result(nullptr, nullptr, nullptr), STAPES_INTERNAL);
  stapes_model_free(nullptr);
  stapes_stream_free(nullptr);
  stapes_result_free(nullptr);
}

// What phrases and classes are refused with.
std::string refused(const std::vector<stapes_phrase>& phrases, const std::vector<stapes_class>& classes) {
  stapes_error error;
  stapes_phrases* made = nullptr;
  const stapes_status status = stapes_phrases_new(model, phrases.data(), phrases.size(), classes.data(), classes.size(),
                                                  &made, &error);
  CHECK_EQUAL(status, STAPES_CONFIG);
  CHECK(made == nullptr);
  stapes_phrases_free(made);
  return error.text;
}

void phrases_that_are_none() {
  const std::string longest(200, 'a'), longer(201, 'a');
  const stapes_phrase names[] = {{"siobhan", 1}, {"zoe", 1}}, number[] = {{"route 66", 1}};
  const stapes_phrase at[] = {{"call @name", 1}};
  const stapes_class good = {"name", names, 2};
  constexpr const char* kAccepted = "; a to z, apostrophes, blanks and punctuation are accepted";
  CHECK_EQUAL(refused({{"yes", 1}, {"call 9", 1}}, {}), std::string("phrases: 'call 9' holds '9'") + kAccepted);
  CHECK_EQUAL(refused({{"caf\u00e9", 1}}, {}), std::string("phrases: 'caf\u00e9' holds '\u00e9'") + kAccepted);
  CHECK_EQUAL(refused({{"' - ,", 1}}, {}), "phrases: \"' - ,\" has no letters; a to z and apostrophes are accepted");
  CHECK_EQUAL(refused({{"", 1}}, {}), "phrases: '' has no letters; a to z and apostrophes are accepted");
  CHECK_EQUAL(refused({{longest.c_str(), 1}, {longer.c_str(), 1}}, {}),
              "phrases: '" + std::string(37, 'a') + "...' has 201 characters; at most 200 are accepted");
  for (const double weight : {0.0, -1.0, 10.5, std::numeric_limits<double>::quiet_NaN()}) {
    const std::string sentence = refused({{"yes", weight}}, {});
    CHECK(sentence.starts_with("phrases: 'yes' has the weight "));
    CHECK(sentence.ends_with("; above 0 and at most 10.0 is accepted"));
  }
  CHECK_EQUAL(refused({{"call @nobody", 1}}, {good}), "phrases: 'call @nobody' names '@nobody', which was not given");
  CHECK_EQUAL(refused({{"yes", 1}}, {good}), "phrases: class @name is named in no phrase");
  CHECK_EQUAL(refused({at[0]}, {{"name", number, 1}}), std::string("phrases: @name: 'route 66' holds '6'") + kAccepted);
  CHECK_EQUAL(refused({at[0]}, {{"name", at, 1}}), std::string("phrases: @name: 'call @name' holds '@'") + kAccepted);
  CHECK_EQUAL(refused({at[0]}, {{"name", names, 0}}), "phrases: class @name holds no names; at least one is expected");
  CHECK_EQUAL(refused({at[0]}, {good, good}), "phrases: class @name was given twice");
  for (const char* const name : {"", "Name", "9", "a-b", "na\u00efve"}) {
    CHECK(refused({at[0]}, {{name, names, 2}}).starts_with("phrases: a class is called '"));
  }
  const std::vector<std::string> many = [] {
    std::vector<std::string> made;
    for (int number = 0; number < 1001; ++number) made.push_back("c" + std::to_string(number));
    return made;
  }();
  std::vector<stapes_class> classes;
  for (const std::string& name : many) classes.push_back({name.c_str(), names, 2});
  CHECK_EQUAL(refused({at[0]}, classes), "phrases: 1001 classes were given; at most 1000 are accepted");
}

std::vector<uint8_t> lattice_of(stapes_stream* stream) {
  stapes_lattice* lattice = nullptr;
  CHECK_EQUAL(stapes_stream_lattice(stream, 1e-4, &lattice, nullptr), STAPES_OK);
  const std::vector<uint8_t> bytes(stapes_lattice_bytes(lattice), stapes_lattice_bytes(lattice) + stapes_lattice_size(lattice));
  stapes_lattice_free(lattice);
  return bytes;
}

// Streams that outlive the phrases; spoken alike, and nothing at all.
void phrases_and_lattices() {
  stapes_error error;
  const stapes_phrase names[] = {{"O\u2019Neil-Smith", 1}, {"zoe", 2.5}};
  const stapes_phrase texts[] = {{"call @name", 1}, {" Call  @name ", 10}, {"@name", 1}, {"yes, please!", 1}};
  const stapes_class people = {"name", names, 2};
  const std::vector<int16_t> sound = noise(30'000);
  std::vector<std::vector<uint8_t>> heard;
  for (const std::size_t count : {0U, 3U, 4U}) {
    stapes_phrases* phrases = nullptr;
    stapes_stream* stream = nullptr;
    CHECK_EQUAL(stapes_phrases_new(model, texts, count, &people, count == 0 ? 0 : 1, &phrases, &error), STAPES_OK);
    CHECK_EQUAL(stapes_stream_new_with_phrases(model, 1001, phrases, &stream, &error), STAPES_CONFIG);
    CHECK_EQUAL(std::string(error.text), "stream: beam is 1001; 1 to 1000 is accepted");
    CHECK_EQUAL(stapes_stream_new_with_phrases(model, 4, phrases, &stream, &error), STAPES_OK);
    stapes_phrases_free(phrases);
    CHECK_EQUAL(stapes_stream_push_int16(stream, sound.data(), sound.size(), &error), STAPES_OK);
    CHECK_EQUAL(stapes_stream_finish(stream, &error), STAPES_OK);
    heard.push_back(lattice_of(stream));
    stapes_stream_free(stream);
  }
  stapes_stream* const plain = new_stream(4);
  stapes_stream* const greedy = new_stream(1);
  CHECK_EQUAL(lattice_of(greedy).size(), std::size_t{33});  // one arc that says nothing
  stapes_stream_push_int16(plain, sound.data(), sound.size(), nullptr);
  stapes_stream_finish(plain, nullptr);
  CHECK(heard[0] == lattice_of(plain));
  CHECK(heard[0].size() > 33);
  stapes_lattice* lattice = nullptr;
  for (const double posterior : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_EQUAL(stapes_stream_lattice(plain, posterior, &lattice, &error), STAPES_CONFIG);
    CHECK(std::string(error.text).starts_with("lattice: least_posterior is "));
    CHECK(lattice == nullptr);
  }
  stapes_stream_free(plain);
  stapes_stream_free(greedy);
}

void null_phrases() {
  stapes_error error;
  stapes_phrases* phrases = nullptr;
  stapes_stream* stream = nullptr;
  stapes_session* session = nullptr;
  const stapes_phrase texts[] = {{"yes", 1}, {nullptr, 1}};
  const stapes_class classes[] = {{"name", texts, 2}, {nullptr, texts, 1}, {"name", nullptr, 1}};
  CHECK_EQUAL(stapes_phrases_new(nullptr, texts, 1, nullptr, 0, &phrases, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_phrases_new(model, texts, 2, nullptr, 0, &phrases, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_phrases_new(model, nullptr, 1, nullptr, 0, &phrases, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_phrases_new(model, texts, 1, nullptr, 1, &phrases, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_phrases_new(model, texts, 1, nullptr, 0, nullptr, &error), STAPES_INTERNAL);
  for (const stapes_class& own : classes) {
    CHECK_EQUAL(stapes_phrases_new(model, texts, 1, &own, 1, &phrases, &error), STAPES_INTERNAL);
  }
  CHECK_EQUAL(std::string(error.text), "stapes_phrases_new: a null pointer was given");
  CHECK_EQUAL(stapes_stream_new_with_phrases(model, 4, nullptr, &stream, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_session_new_with_phrases(model, 4, "fast", nullptr, &session, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_stream_lattice(nullptr, 0, nullptr, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_lattice_size(nullptr), std::size_t{0});
  CHECK(stapes_lattice_bytes(nullptr) == nullptr);
  stapes_phrases_free(nullptr);
  stapes_lattice_free(nullptr);
}

void phrases_of_another_model(const char* path) {
  stapes_error error;
  stapes_model* other = nullptr;
  stapes_phrases* phrases = nullptr;
  stapes_stream* stream = nullptr;
  stapes_session* session = nullptr;
  const stapes_phrase yes = {"yes", 1};
  CHECK_EQUAL(stapes_model_open(path, &other, &error), STAPES_OK);
  CHECK_EQUAL(stapes_phrases_new(other, &yes, 1, nullptr, 0, &phrases, &error), STAPES_OK);
  stapes_model_free(other);
  CHECK_EQUAL(stapes_stream_new_with_phrases(model, 4, phrases, &stream, &error), STAPES_CONFIG);
  CHECK_EQUAL(std::string(error.text), "stream: the phrases were made for a model with another vocabulary");
  CHECK_EQUAL(stapes_session_new_with_phrases(model, 4, "fast", phrases, &session, &error), STAPES_CONFIG);
  CHECK_EQUAL(std::string(error.text), "session: the phrases were made for a model with another vocabulary");
  CHECK(stream == nullptr && session == nullptr);
  stapes_phrases_free(phrases);
}

void refusals(const char* path) {
  stapes_error error;
  stapes_model* none = model;
  CHECK_EQUAL(stapes_model_open("/there/is/none", &none, &error), STAPES_FORMAT);
  CHECK_EQUAL(std::string(error.text), "/there/is/none: no such file; a packed model (.stapes) is expected");
  CHECK(none == nullptr);
  const std::string long_path(5000, 'x');
  CHECK_EQUAL(stapes_model_open(long_path.c_str(), &none, &error), STAPES_FORMAT);
  CHECK_EQUAL(std::strlen(error.text), sizeof(error.text) - 1);
  CHECK_EQUAL(stapes_model_open(path, &model, &error), STAPES_OK);
  CHECK_EQUAL(std::string(error.text), "");
  stapes_stream* stream = nullptr;
  CHECK_EQUAL(stapes_stream_new(model, 0, &stream, &error), STAPES_CONFIG);
  CHECK_EQUAL(std::string(error.text), "stream: beam is 0; 1 to 1000 is accepted");
}

void sound_that_is_none() {
  stapes_error error;
  stapes_stream* const stream = new_stream(1);
  const float bad = std::numeric_limits<float>::quiet_NaN();
  CHECK_EQUAL(stapes_stream_push(stream, &bad, 1, &error), STAPES_AUDIO);
  CHECK_EQUAL(std::string(error.text), "stream: a sample is not finite; samples from -1 to 1 are accepted");
  CHECK_EQUAL(stapes_stream_push(stream, nullptr, 0, &error), STAPES_OK);
  CHECK_EQUAL(stapes_stream_finish(stream, &error), STAPES_OK);
  CHECK_EQUAL(stapes_stream_finish(stream, &error), STAPES_OK);
  const int16_t late = 0;
  CHECK_EQUAL(stapes_stream_push_int16(stream, &late, 1, &error), STAPES_AUDIO);
  CHECK_EQUAL(std::string(error.text), "stream: finished; a new stream is needed for more samples");
  stapes_stream_free(stream);
}

// Streams that hear together, in pieces of other lengths: each hears what it would hear alone.
void together() {
  const std::vector<int16_t> sound = noise(30'000);
  std::vector<stapes_stream*> alone, streams;
  std::vector<std::size_t> places;
  for (std::size_t index = 0; index < 11; ++index) {
    alone.push_back(new_stream(index % 3 == 0 ? 1 : 4));
    streams.push_back(new_stream(index % 3 == 0 ? 1 : 4));
    places.push_back(100 * index);
  }
  for (int round = 0; round < 9; ++round) {
    std::vector<const int16_t*> samples;
    std::vector<std::size_t> counts;
    for (std::size_t index = 0; index < streams.size(); ++index) {
      samples.push_back(sound.data() + places[index]);
      counts.push_back(round == 3 && index == 2 ? 0 : 1000 + 200 * index);
      places[index] += counts[index];
      stapes_stream_push_int16(alone[index], samples[index], counts[index], nullptr);
    }
    CHECK_EQUAL(stapes_streams_push_int16(streams.data(), samples.data(), counts.data(), streams.size(), nullptr),
                STAPES_OK);
  }
  for (std::size_t index = 0; index < streams.size(); ++index) {
    CHECK_EQUAL(text_of(streams[index]), text_of(alone[index]));
    stapes_stream_finish(streams[index], nullptr);
    stapes_stream_finish(alone[index], nullptr);
    CHECK_EQUAL(text_of(streams[index]), text_of(alone[index]));
    stapes_stream_free(streams[index]);
    stapes_stream_free(alone[index]);
  }
}

void together_refused(const char* path) {
  stapes_error error;
  stapes_model* other = nullptr;
  stapes_stream* foreign = nullptr;
  CHECK_EQUAL(stapes_model_open(path, &other, &error), STAPES_OK);
  CHECK_EQUAL(stapes_stream_new(other, 1, &foreign, &error), STAPES_OK);
  stapes_stream* const own = new_stream(1);
  const int16_t sample = 0;
  const int16_t* const samples[] = {&sample, nullptr};
  const std::size_t counts[] = {1, 0}, wrong_counts[] = {1, 1};
  const std::string sentence = "streams: streams of one model, each of them once, are accepted together";
  for (stapes_stream* const second : {foreign, own}) {
    stapes_stream* const streams[] = {own, second};
    CHECK_EQUAL(stapes_streams_push_int16(streams, samples, counts, 2, &error), STAPES_CONFIG);
    CHECK_EQUAL(std::string(error.text), sentence);
    CHECK_EQUAL(stapes_streams_push_int16(streams, samples, wrong_counts, 2, &error), STAPES_INTERNAL);
    CHECK_EQUAL(std::string(error.text), "stapes_streams_push_int16: a null pointer was given");
  }
  CHECK_EQUAL(stapes_streams_push_int16(nullptr, nullptr, nullptr, 0, &error), STAPES_OK);
  CHECK_EQUAL(stapes_streams_push_int16(nullptr, samples, counts, 1, &error), STAPES_INTERNAL);
  stapes_stream_finish(own, nullptr);
  CHECK_EQUAL(stapes_streams_push_int16(&own, samples, counts, 1, &error), STAPES_AUDIO);
  stapes_stream_free(own);
  stapes_stream_free(foreign);
  stapes_model_free(other);
}

// What a session tells of `sound` in pieces of `piece` samples, as text.
std::string told_by(stapes_session* session, const std::vector<int16_t>& sound, std::size_t piece) {
  std::string text;
  const auto add = [&](stapes_events* events) {
    for (std::size_t index = 0; index < stapes_events_count(events); ++index) {
      const stapes_event* const event = stapes_events_at(events, index);
      text += std::to_string(event->kind) + " " + std::to_string(event->time_seconds) + " " + event->text + " " +
              event->stable + " " + std::to_string(event->word_count) + " " + event->reason + "\n";
    }
    CHECK(stapes_events_at(events, stapes_events_count(events)) == nullptr);
    stapes_events_free(events);
  };
  stapes_events* events = nullptr;
  for (std::size_t begin = 0; begin < sound.size(); begin += piece) {
    const std::size_t size = std::min(piece, sound.size() - begin);
    CHECK_EQUAL(stapes_session_push_int16(session, sound.data() + begin, size, &events, nullptr), STAPES_OK);
    add(events);
  }
  CHECK_EQUAL(stapes_session_finish(session, &events, nullptr), STAPES_OK);
  add(events);
  CHECK_EQUAL(stapes_session_finish(session, &events, nullptr), STAPES_OK);
  CHECK_EQUAL(stapes_events_count(events), std::size_t{0});
  stapes_events_free(events);
  return text;
}

void sessions() {
  stapes_error error;
  stapes_session* session = nullptr;
  stapes_events* events = nullptr;
  const std::vector<int16_t> sound = noise(30'000);
  std::vector<std::string> told;
  for (const std::size_t piece : {1U, 639U, 640U, 5000U, 30'000U}) {
    CHECK_EQUAL(stapes_session_new(model, 2, "fast", &session, &error), STAPES_OK);
    told.push_back(told_by(session, sound, piece));
    CHECK_EQUAL(stapes_session_push_int16(session, sound.data(), 1, &events, &error), STAPES_AUDIO);
    CHECK_EQUAL(std::string(error.text), "session: finished; a new session is needed for more samples");
    CHECK(events == nullptr);
    stapes_session_free(session);
  }
  CHECK(!told[0].empty());
  CHECK(std::all_of(told.begin(), told.end(), [&](const std::string& each) { return each == told[0]; }));
  CHECK_EQUAL(stapes_session_new(model, 2, nullptr, &session, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_session_push_int16(nullptr, nullptr, 0, &events, &error), STAPES_INTERNAL);
  CHECK_EQUAL(stapes_session_finish(nullptr, &events, &error), STAPES_INTERNAL);
  CHECK_EQUAL(std::string(error.text), "stapes_session_finish: a null pointer was given");
  stapes_session_free(nullptr);
  stapes_events_free(nullptr);
}

// Chunks of any length, floats or integers, and streams that outlive the model: the text is the same.
void one_text() {
  const std::vector<int16_t> sound = noise(20'000);
  stapes_stream* const whole = new_stream(4);
  stapes_stream* const pieces = new_stream(4);
  stapes_model_free(model);
  CHECK_EQUAL(stapes_stream_push_int16(whole, sound.data(), sound.size(), nullptr), STAPES_OK);
  std::vector<float> floats;
  for (const int16_t sample : sound) floats.push_back(static_cast<float>(sample) / 32768.0F);
  for (std::size_t begin = 0, size = 1; begin < floats.size(); begin += size, size = size * 3 + 1) {
    size = std::min(size, floats.size() - begin);
    CHECK_EQUAL(stapes_stream_push(pieces, floats.data() + begin, size, nullptr), STAPES_OK);
    CHECK(text_of(pieces).size() < 10'000);
  }
  CHECK_EQUAL(text_of(pieces), text_of(whole));
  stapes_stream_finish(whole, nullptr);
  stapes_stream_finish(pieces, nullptr);
  CHECK(!text_of(whole).empty());
  CHECK_EQUAL(text_of(pieces), text_of(whole));
  stapes_stream_free(whole);
  stapes_stream_free(pieces);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  null_pointers();
  refusals(argv[1]);
  null_phrases();
  phrases_that_are_none();
  phrases_and_lattices();
  phrases_of_another_model(argv[2]);
  sound_that_is_none();
  together();
  sessions();
  together_refused(argv[1]);
  one_text();
  return check::failures == 0 ? 0 : 1;
}
