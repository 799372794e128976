#include "engine/session.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "c_api/calls.h"
#include "stapes.h"

using stapes::c_api::guarded;
using stapes::c_api::kBlockSamples;
using stapes::c_api::lists_for;
using stapes::c_api::null_pointer;
using stapes::c_api::to_floats;

struct stapes_session {
  stapes::engine::Session session;
  // Samples as floats.
  std::vector<float> block;
};

struct stapes_events {
  std::vector<stapes::engine::Event> told;
  // Their texts are those of `told`, their words those below.
  std::vector<stapes_event> events;
  std::vector<std::vector<stapes_word>> words;
};

namespace {

stapes_event_kind kind_of(stapes::engine::EventKind kind) {
  constexpr stapes_event_kind kKinds[] = {STAPES_PARTIAL, STAPES_SPECULATIVE, STAPES_RESET,
                                          STAPES_REVISED, STAPES_CONFIRMED,   STAPES_FINAL};
  return kKinds[static_cast<std::size_t>(kind)];
}

const char* name_of(stapes::endpoint::Reason reason) {
  constexpr const char* kNames[] = {"endpoint", "pause", "no speech", "too long", "closed"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::vector<stapes_word> words_of(const stapes::engine::Event& event) {
  std::vector<stapes_word> words;
  for (const stapes::engine::HeardWord& word : event.words) {
    words.push_back({word.text.c_str(), word.start_seconds, word.end_seconds, word.confidence});
  }
  return words;
}

std::unique_ptr<stapes_events> make_events(std::vector<stapes::engine::Event> told) {
  auto made = std::make_unique<stapes_events>();
  made->told = std::move(told);
  for (const stapes::engine::Event& event : made->told) made->words.push_back(words_of(event));
  for (std::size_t index = 0; index < made->told.size(); ++index) {
    const stapes::engine::Event& event = made->told[index];
    const bool is_final = event.kind == stapes::engine::EventKind::kFinal;
    made->events.push_back({kind_of(event.kind), event.utterance, event.time_seconds, event.text.c_str(),
                            event.stable.c_str(), made->words[index].data(), made->words[index].size(),
                            event.probability, event.begin_seconds, is_final ? name_of(event.reason) : ""});
  }
  return made;
}

// What `work` tells when it is given a list of events.
template <typename Work>
stapes_status telling(stapes_events** events, stapes_error* error, Work work) {
  *events = nullptr;
  return guarded(error, [&] {
    std::vector<stapes::engine::Event> told;
    work(told);
    *events = make_events(std::move(told)).release();
  });
}

}  // namespace

stapes_status stapes_session_new(const stapes_model* model, int beam, const char* endpoint, stapes_session** session,
                                 stapes_error* error) {
  if (model == nullptr || endpoint == nullptr || session == nullptr) return null_pointer(error, "stapes_session_new");
  *session = nullptr;
  return guarded(error, [&] { *session = new stapes_session{{model->recognizer, beam, endpoint}, {}}; });
}

stapes_status stapes_session_new_with_phrases(const stapes_model* model, int beam, const char* endpoint,
                                              const stapes_phrases* phrases, stapes_session** session,
                                              stapes_error* error) {
  if (model == nullptr || endpoint == nullptr || phrases == nullptr || session == nullptr) {
    return null_pointer(error, "stapes_session_new_with_phrases");
  }
  *session = nullptr;
  return guarded(error, [&] {
    *session = new stapes_session{{model->recognizer, beam, endpoint, lists_for("session", *model, *phrases)}, {}};
  });
}

void stapes_session_free(stapes_session* session) { delete session; }

stapes_status stapes_session_push_int16(stapes_session* session, const int16_t* samples, size_t count,
                                        stapes_events** events, stapes_error* error) {
  if (session == nullptr || events == nullptr || (samples == nullptr && count > 0)) {
    return null_pointer(error, "stapes_session_push_int16");
  }
  return telling(events, error, [&](std::vector<stapes::engine::Event>& told) {
    for (std::span<const int16_t> rest(samples, count); !rest.empty();) {
      const auto part = rest.first(std::min(rest.size(), kBlockSamples));
      to_floats(part, session->block);
      session->session.accept(session->block, told);
      rest = rest.subspan(part.size());
    }
  });
}

stapes_status stapes_session_finish(stapes_session* session, stapes_events** events, stapes_error* error) {
  if (session == nullptr || events == nullptr) return null_pointer(error, "stapes_session_finish");
  return telling(events, error, [&](std::vector<stapes::engine::Event>& told) { session->session.finish(told); });
}

size_t stapes_events_count(const stapes_events* events) { return events == nullptr ? 0 : events->events.size(); }

const stapes_event* stapes_events_at(const stapes_events* events, size_t index) {
  return events == nullptr || index >= events->events.size() ? nullptr : &events->events[index];
}

void stapes_events_free(stapes_events* events) { delete events; }
