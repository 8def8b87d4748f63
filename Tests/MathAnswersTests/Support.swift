import MathAnswers

/// True if the verdict on a prediction is that it equals the gold answer.
func areEqual(_ gold: String, _ prediction: String) -> Bool {
  AnswerComparer().compare(gold: gold, prediction: prediction).verdict == .equal
}
