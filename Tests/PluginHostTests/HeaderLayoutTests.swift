import CPluginABI
import Testing

/// Version 1.2 of the contract, byte for byte, for 64-bit platforms. A number here may never
/// change; a struct that grows gets new members at the end of its line and a new size.
@Suite struct HeaderLayoutTests {
  private func layout<Struct>(_ members: [PartialKeyPath<Struct>]) -> [Int] {
    members.map { MemoryLayout<Struct>.offset(of: $0)! } + [MemoryLayout<Struct>.size]
  }

  @Test func basicTypesStandStill() {
    #expect(layout([\temper_text.data, \.size]) == [0, 8, 16])
    #expect(layout([\temper_error.message]) == [0, 512])
    #expect(layout([\temper_sink.context, \.write]) == [0, 8, 16])
  }

  @Test func theHostStandsStill() {
    #expect(
      layout([\temper_host.size, \.abi_major, \.abi_minor, \.context, \.service])
        == [0, 4, 8, 16, 24, 32])
    #expect(layout([\temper_log_service.size, \.write]) == [0, 8, 16])
    #expect(layout([\temper_metrics_service.size, \.record]) == [0, 8, 16])
    #expect(layout([\temper_random_service.size, \.bits]) == [0, 8, 16])
  }

  @Test func thePluginStandsStill() {
    #expect(
      layout([\temper_descriptor.size, \.id, \.version, \.kind, \.summary, \.defaults])
        == [0, 8, 16, 24, 32, 40, 48])
    #expect(
      layout([\temper_plugin.size, \.descriptor, \.context, \.create, \.destroy, \.table])
        == [0, 8, 16, 24, 32, 40, 48])
    #expect(
      layout([\temper_library.size, \.abi_major, \.abi_minor, \.plugin_count, \.plugins])
        == [0, 4, 8, 12, 16, 24])
  }

  @Test func theVerifierStandsStill() {
    #expect(
      layout([\temper_sample.size, \.row, \.prompt, \.completion, \.tokens, \.token_count])
        == [0, 8, 24, 40, 56, 64, 72])
    #expect(
      layout([\temper_judgement.size, \.verdict, \.reward, \.reason, \.answer])
        == [0, 4, 8, 16, 32, 48])
    #expect(layout([\temper_verifier.size, \.judge]) == [0, 8, 16])
  }

  @Test func theServicesOfInterventionsStandStill() {
    #expect(layout([\temper_columns_service.size, \.set]) == [0, 8, 16])
    #expect(
      layout([\temper_tokenizer_service.size, \.vocabulary_size, \.encode, \.decode])
        == [0, 8, 16, 24, 32])
  }

  @Test func theColumnsStandStill() {
    #expect(
      layout([
        \temper_tokens.size, \.token_count, \.sequence_count, \.offsets, \.groups, \.tokens,
        \.turns, \.mask, \.advantages, \.coefficients, \.logprobs, \.old_logprobs,
        \.behaviour_logprobs, \.reference_logprobs, \.entropies, \.old_entropies, \.observed,
        \.old_observed, \.old_bytes, \.authors, \.void_turns,
      ]) == [0] + (1...21).map { 8 * $0 })
    #expect(
      layout([
        \temper_row.size, \.moment, \.token, \.logprob, \.entropy, \.logprobs, \.vocabulary,
      ]) == [0, 4, 8, 12, 16, 24, 32, 40])
  }

  @Test func theStepStandsStill() {
    #expect(
      layout([
        \temper_step.size, \.clip_is_explicit, \.step, \.total_steps, \.rollout, \.update,
        \.temperature, \.clip_low, \.clip_high, \.dual_clip,
      ]) == [0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72])
    #expect(
      layout([
        \temper_shaping.size, \.advantages, \.mask, \.weights, \.clip_low, \.clip_high,
        \.dual_clip, \.wanted_rows, \.entropy_coefficient, \.kl_coefficient, \.scalar_loss,
      ]) == [0] + (1...11).map { 8 * $0 })
    #expect(
      layout([\temper_additions.size, \.phi, \.dlogprob, \.dentropy]) == [0, 8, 16, 24, 32])
  }

  @Test func theInterventionStandsStill() {
    #expect(
      layout([\temper_entropy_needs.size, \.stage, \.flags, \.observed]) == [0, 4, 8, 12, 16])
    #expect(
      layout([
        \temper_entropy.size, \.describe, \.observe, \.prepare, \.evaluate, \.differentiate,
      ]) == [0, 8, 16, 24, 32, 40, 48])
    #expect(layout([\temper_state.size, \.save, \.load]) == [0, 8, 16, 24])
  }

  @Test func thePromptsStandStill() {
    #expect(layout([\temper_prompt.size, \.system, \.user, \.prefix]) == [0, 8, 24, 40, 56])
    #expect(
      layout([\temper_prompts.size, \.count, \.name, \.write, \.score])
        == [0, 8, 16, 24, 32, 40])
  }

  @Test func theEnvironmentStandsStill() {
    #expect(
      layout([\temper_world.size, \.turns, \.needs_rows, \.tools, \.stops])
        == [0, 4, 8, 16, 32, 48])
    #expect(layout([\temper_task.size, \.row, \.seed]) == [0, 8, 24, 32])
    #expect(
      layout([\temper_turn.size, \.number, \.is_cut, \.is_last, \.text]) == [0, 4, 8, 12, 16, 32])
    #expect(
      layout([
        \temper_transition.size, \.ending, \.reward, \.is_void, \.messages,
      ]) == [0, 4, 8, 16, 24, 40])
    #expect(
      layout([\temper_environment.size, \.describe, \.begin, \.step, \.expert, \.end])
        == [0] + (1...6).map { 8 * $0 })
  }

  @Test func theDetectorStandsStill() {
    #expect(
      layout([
        \temper_detector_needs.size, \.events, \.flags, \.every, \.observed, \.sees_rows, \.rows,
        \.spike,
      ]) == [0, 4, 8, 12, 16, 20, 24, 32, 40])
    #expect(layout([\temper_metric.name, \.value]) == [0, 8, 16])
    #expect(
      layout([
        \temper_outcomes.size, \.sequence_count, \.groups, \.rewards, \.verdicts, \.truncated,
        \.lengths, \.texts, \.component_count, \.component_names, \.components,
      ]) == [0] + (1...11).map { 8 * $0 })
    #expect(
      layout([
        \temper_tensor.size, \.rank, \.name, \.shape, \.count, \.weight_norm, \.gradient_norm,
        \.gradient_max, \.gradient_mean, \.alignment, \.spikes, \.update_norm, \.weights,
        \.previous, \.gradient,
      ]) == [0, 4] + (1...14).map { 8 * $0 })
    #expect(
      layout([
        \temper_head.size, \.layer, \.head, \.entropy, \.bound, \.score_max, \.score_norm, \.sink,
        \.query_rms, \.key_rms,
      ]) == [0, 4, 8] + (2...9).map { 8 * $0 })
    #expect(
      layout([
        \temper_logits.size, \.token, \.index, \.advantage, \.logits, \.change, \.vocabulary,
      ]) == [0, 4, 8, 16, 24, 32, 40, 48])
    #expect(
      layout([
        \temper_observation.size, \.event, \.step, \.total_steps, \.update, \.temperature,
        \.learning_rate, \.clip_norm, \.adam_epsilon, \.adam_updates, \.metric_count, \.metrics,
        \.tokens, \.outcomes, \.tensor_count, \.head_count, \.logit_count, \.tensors, \.heads,
        \.logits,
      ]) == [0, 4] + (1...19).map { 8 * $0 })
    #expect(
      layout([
        \temper_finding.size, \.action, \.is_critical, \.steps, \.factor, \.dropped, \.reason,
      ]) == [0, 4, 8, 12, 16, 24, 32, 48])
    #expect(
      layout([\temper_detector.size, \.describe, \.observe, \.detect]) == [0, 8, 16, 24, 32])
  }

  @Test func valuesAndNamesStandStill() {
    #expect(
      [TEMPER_OK, TEMPER_INVALID_CONFIG, TEMPER_INVALID_INPUT, TEMPER_UNAVAILABLE, TEMPER_INTERNAL]
        .map(\.rawValue) == [0, 1, 2, 3, 4])
    #expect(
      [TEMPER_FAILED, TEMPER_RIGHT, TEMPER_WRONG, TEMPER_UNPARSABLE].map(\.rawValue)
        == [0, 1, 2, 3])
    #expect(
      [TEMPER_LOG_DEBUG, TEMPER_LOG_INFO, TEMPER_LOG_WARNING, TEMPER_LOG_ERROR].map(\.rawValue)
        == [0, 1, 2, 3])
    #expect(
      [
        TEMPER_STAGE_ADVANTAGES, TEMPER_STAGE_MASKS, TEMPER_STAGE_WEIGHTS, TEMPER_STAGE_ADDITIONS,
      ].map(\.rawValue) == [0, 1, 2, 3])
    #expect([TEMPER_MOMENT_OLD, TEMPER_MOMENT_CURRENT].map(\.rawValue) == [0, 1])
    #expect(
      [
        TEMPER_NEEDS_OLD_ROWS, TEMPER_NEEDS_CURRENT_ROWS, TEMPER_NEEDS_REFERENCE,
        TEMPER_REPLACES_BASE,
      ] == [1, 2, 4, 8])
    #expect(TEMPER_ABI_MAJOR == 1 && TEMPER_ABI_MINOR == 2)
    #expect(TEMPER_VERIFIER == "temper.verifier/1")
    #expect(TEMPER_SERVICE_LOG == "temper.log/1")
    #expect(TEMPER_SERVICE_METRICS == "temper.metrics/1")
    #expect(TEMPER_SERVICE_RANDOM == "temper.random/1")
    #expect(TEMPER_SERVICE_COLUMNS == "temper.columns/1")
    #expect(TEMPER_SERVICE_TOKENIZER == "temper.tokenizer/1")
    #expect(TEMPER_ENTROPY == "temper.entropy/1")
    #expect(TEMPER_PROMPTS == "temper.prompts/1")
    #expect(
      [
        TEMPER_GOES_ON, TEMPER_SUCCEEDED, TEMPER_MISSED, TEMPER_OUT_OF_TURNS, TEMPER_MALFORMED,
      ].map(\.rawValue) == [0, 1, 2, 3, 4])
    #expect(
      [TEMPER_AUTHOR_MODEL, TEMPER_AUTHOR_ENVIRONMENT, TEMPER_AUTHOR_TEMPLATE].map(\.rawValue)
        == [0, 1, 2])
    #expect(
      [
        TEMPER_EVENT_ROLLOUT, TEMPER_EVENT_GRADIENTS, TEMPER_EVENT_UPDATE, TEMPER_EVENT_STEP,
        TEMPER_EVENT_EVALUATION, TEMPER_EVENT_CHECKPOINT,
      ].map(\.rawValue) == [0, 1, 2, 3, 4, 5])
    #expect(
      [
        TEMPER_WANTS_TOKENS, TEMPER_WANTS_OUTCOMES, TEMPER_WANTS_NORMS, TEMPER_WANTS_VIEWS,
        TEMPER_WANTS_ATTENTION, TEMPER_WANTS_LOGITS, TEMPER_WANTS_LOGIT_CHANGE,
      ] == [1, 2, 4, 8, 16, 32, 64])
    #expect(
      [
        TEMPER_ACT_NONE, TEMPER_ACT_WARN, TEMPER_ACT_SCALE_RATE, TEMPER_ACT_SHORTEN,
        TEMPER_ACT_DROP_SEQUENCES, TEMPER_ACT_SKIP_STEP, TEMPER_ACT_ROLL_BACK, TEMPER_ACT_STOP,
      ].map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(TEMPER_ENVIRONMENT == "temper.environment/1")
    #expect(TEMPER_DETECTOR == "temper.detector/1")
    #expect(TEMPER_STATE == "temper.state/1")
    #expect(TEMPER_ENTRY_SYMBOL == "temper_plugin_entry")
  }
}
