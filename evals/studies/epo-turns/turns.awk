# Of a step's rollouts with columns, the mean entropy of the tokens of each of the model's turns, as
# one object. -v step=N

function column(key, into, at, rest) {
  at = index($0, "\"" key "\":[")
  rest = substr($0, at + length(key) + 4)
  sub(/\].*/, "", rest)
  return split(rest, into, ",")
}

{
  count = column("entropies", entropy)
  column("mask", mask)
  column("turns", turn)
  for (t = 1; t <= count; t++) {
    if (mask[t] + 0 == 0) continue
    sum[turn[t] + 0] += entropy[t]
    tokens[turn[t] + 0]++
  }
}

END {
  printf "{\"step\":%d", step
  for (number = 0; number in tokens; number++)
    printf ",\"turn/%d\":%.5g", number, sum[number] / tokens[number]
  print "}"
}
