# Roofline (Williams, Waterman, Patterson 2009): rate against arithmetic intensity, measured ceilings.
# Columns: intensity, impl, dir, gflops, lo, hi, layer
# The directions' legend stands beside that of the implementations, or in a row of its own.
beside = legend_rows == 1 && legend_end < width - 30 - 74 * ndirs
dir_y = beside ? 72 : 72 + 20 * legend_rows
head = beside ? head : head + 20
height = head + 26 + 460 + 60
dir_column = 3; impl_column = 2
peak = used_f32 ? peak_f32 : peak_f64
subtitle = sprintf("Rate against arithmetic intensity (every operand once) on %s. Lines: ceilings measured on this machine.", threads_text)
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using 1:5 name "low" nooutput
stats data skip 1 using 1:6 name "high" nooutput
fastest = 0
do for [k=1:4] { if (bandwidth[k] > fastest) { fastest = bandwidth[k] } }
ridge = fastest > 0 ? peak / fastest : low_min_x
x_lo = (low_min_x < ridge ? low_min_x : ridge) / 2.5
x_hi = high_max_x * 1.8
y_lo = low_min_y / 1.6
y_hi = (high_max_y > peak ? high_max_y : peak) * 2
set logscale xy
set xrange [x_lo:x_hi]
set yrange [y_lo:y_hi]
set grid x y linecolor rgb rule linewidth 1 linetype 1
set format xy "%g"
set lmargin at screen x(76)
set rmargin at screen x(width - 24)
set tmargin at screen y(head + 10)
set bmargin at screen y(head + 10 + 460)
set xlabel "arithmetic intensity, FLOP/byte" textcolor rgb faint
set ylabel "GFLOP/s" textcolor rgb faint offset 1,0
slope = atan((460 / log10(y_hi / y_lo)) / ((width - 100) / log10(x_hi / x_lo))) * 180 / pi
level(k) = word("L1 L2 L3 memory", k)
# A level's name stands where its line enters the picture; memory's stands below its line.
enters(k) = bandwidth[k] > 0 ? (y_lo / bandwidth[k] > x_lo ? y_lo / bandwidth[k] : x_lo) * 1.08 : x_lo
legend_form(i) = 7
@title_at
@legend_at
dir_form(d) = d eq "fwd" ? 7 : d eq "bwd_d" ? 9 : 5
dir_x(c) = beside ? width - 30 - 74 * (ndirs - c + 1) : 24 + 74 * (c - 1)
set for [c=1:ndirs] label 1100+c word(dirs, c) at screen x(dir_x(c)), screen y(dir_y) left offset 1.2,-0.25 \
    textcolor rgb ink point pointtype dir_form(word(dirs, c)) pointsize 0.8 linecolor rgb ink
do for [k=1:4] { if (bandwidth[k] > 0) {
    set arrow 10+k from (y_lo / bandwidth[k] > x_lo ? y_lo / bandwidth[k] : x_lo), \
        (y_lo / bandwidth[k] > x_lo ? y_lo : bandwidth[k] * x_lo) to peak / bandwidth[k], peak \
        nohead linewidth 1.2 linecolor rgb ink
    set label 10+k level(k) . " " . short(bandwidth[k]) . " GB/s" at enters(k), bandwidth[k] * enters(k) \
        left rotate by slope offset (k == 4 ? 0.9 : 0), (k == 4 ? -0.3 : 0.7) font ",11" textcolor rgb ink
} }
# A second peak's name stands at the right, clear of the first one's slopes.
flat = 'set label 20+k "FMA peak " . name . ", " . short(limit) . " GFLOP/s" at at_x, limit \
    offset 0,0.6 font ",11" textcolor rgb ink; \
    set arrow 20+k from (fastest > 0 ? limit / fastest : x_lo), limit to x_hi, limit nohead \
    linewidth 1.6 linecolor rgb ink'
if (used_f32) { k = 1; name = "f32"; limit = peak_f32; at_x = ridge * 1.05; @flat }
if (used_f64) { k = 2; name = "f64"; limit = peak_f64; at_x = used_f32 ? x_hi / (x_hi / x_lo)**0.25 : ridge * 1.05; @flat }
plot for [c=1:ndirs] for [i=1:nimpls] data skip 1 \
    using 1:(only(word(dirs, c), i, $4)):5:6 with yerrorbars pointtype dir_form(word(dirs, c)) \
    pointsize (nlayers > 16 ? 0.4 : 0.6) linewidth 1 linecolor rgb colour(i) notitle
