# A Markdown table of runs: a line for each combination of the members that -v rows names, in the order
# of their coming, and in each column, of those that -v columns names, the figure of every seed.

function member(key, at, rest) {
  at = index($0, "\"" key "\":")
  if (!at) return "-"
  rest = substr($0, at + length(key) + 3)
  sub(/[,}].*/, "", rest)
  gsub(/"/, "", rest)
  return rest
}

BEGIN {
  keys = split(rows, key, " ")
  figures = split(columns, figure, " ")
}

{
  line = "|"
  for (i = 1; i <= keys; i++) line = line " " member(key[i]) " |"
  if (!(line in place)) { place[line] = ++lines; name[lines] = line }
  for (i = 1; i <= figures; i++) {
    x = member(figure[i])
    cell[place[line], i] = cell[place[line], i] " " (x ~ /^-?[0-9.]/ ? sprintf("%.3g", x) : x)
  }
}

END {
  head = rule = "|"
  for (i = 1; i <= keys; i++) { head = head " " key[i] " |"; rule = rule " --- |" }
  for (i = 1; i <= figures; i++) {
    title = figure[i]
    gsub(/_/, " ", title)
    head = head " " title " |"
    rule = rule " --- |"
  }
  print head "\n" rule
  for (line = 1; line <= lines; line++) {
    text = name[line]
    for (i = 1; i <= figures; i++) text = text cell[line, i] " |"
    print text
  }
}
