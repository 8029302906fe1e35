# Prints the bucket of a report as a crash farm's stack parser builds it: rule and driver, then functions, three lines at
# most, of the first report, up to the marker behind which other stacks come.
#   awk -f bucket.awk REPORT
function add(line) { if (n < 3) bucket = bucket (n++ ? "|" : "") line }
/previously allocated by|freed by thread|allocated by thread|located in stack of/ { if (n) exit }
/^\[[^]]*:[^]:(]+\([0-9]+\)\].*Check failed: / && !n {
  file = $0; sub(/\([0-9]+\)\].*/, "", file); sub(/.*:/, "", file)
  text = $0; sub(/.*Check failed: /, "", text)
  add(text " in " file)
  next
}
/ERROR: AddressSanitizer: / && !n { sub(/.*AddressSanitizer: /, ""); add($1); next }
/: runtime error: / && !n { sub(/.*runtime error: /, ""); add($0); next }
/^ +#[0-9]+ 0x[0-9a-f]+ in / && n { sub(/.* in /, ""); sub(/[( ].*/, ""); add($0) }
END { print bucket }
