# Of a run's metrics.jsonl, the metrics that -v metrics="NAME=METRIC ..." names: at the start (mean of
# the first five steps), at the end (median of the last quarter), at the most, and its swing (the mean
# size of its change from step to step, in the second half). Printed as members of a JSON object.

function value(metric, at, rest) {
  at = index($0, "\"" metric "\":")
  if (!at) return ""
  rest = substr($0, at + length(metric) + 3)
  sub(/[,}].*/, "", rest)
  return rest
}

# The median of values[name, first...last].
function median(name, first, last, i, j, n, x, sorted) {
  for (i = first; i <= last; i++) {
    if (values[name, i] == "") continue
    x = values[name, i] + 0
    for (j = n++; j > 0 && sorted[j - 1] > x; j--) sorted[j] = sorted[j - 1]
    sorted[j] = x
  }
  return n ? (sorted[int((n - 1) / 2)] + sorted[int(n / 2)]) / 2 : "null"
}

function figure(x) { return x == "null" ? x : sprintf("%.4g", x) }

BEGIN {
  count = split(metrics, pairs, " ")
  for (i = 1; i <= count; i++) {
    split(pairs[i], pair, "=")
    names[i] = pair[1]
    metric[i] = pair[2]
  }
}

{ for (i = 1; i <= count; i++) values[names[i], NR] = value(metric[i]) }

END {
  printf "\"steps\":%d", NR
  for (i = 1; i <= count; i++) {
    name = names[i]
    sum = n = swing = changes = 0
    most = "null"
    for (row = 1; row <= NR; row++) {
      if (values[name, row] == "") continue
      x = values[name, row] + 0
      if (row <= 5) { sum += x; n++ }
      if (most == "null" || x > most) most = x
      if (row > NR / 2 && values[name, row - 1] != "") {
        change = x - values[name, row - 1]
        swing += change < 0 ? -change : change
        changes++
      }
    }
    printf ",\"%s_start\":%s,\"%s_end\":%s,\"%s_most\":%s,\"%s_swing\":%s", name,
      figure(n ? sum / n : "null"), name, figure(median(name, int(NR * 3 / 4) + 1, NR)), name,
      figure(most), name, figure(changes ? swing / changes : "null")
  }
}
