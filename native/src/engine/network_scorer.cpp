#include "engine/network_scorer.h"

#include "decode/log_softmax.h"

namespace stapes::engine {

void NetworkScorer::predict(const decode::Context& context, std::span<std::int16_t> prediction) {
  joiner_.predict(context.older, context.newer, prediction, work_);
}

void NetworkScorer::join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
                         std::span<float> log_probs) {
  joiner_.join(frame, predictions, log_probs, work_);
  for (; !log_probs.empty(); log_probs = log_probs.subspan(vocabulary())) {
    decode::log_softmax(joiner_.table(), log_probs.first(vocabulary()));
  }
}

}  // namespace stapes::engine
