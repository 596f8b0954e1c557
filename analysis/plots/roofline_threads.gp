# Roofline (Williams, Waterman, Patterson 2009) on one number of threads: every ceiling that was measured,
# every point, and where im2col's points stand once its columns are counted.
# Columns: intensity, impl, dir, gflops, lo, hi, own intensity, layer, type, ceiling, percent of own roof
plot_height = 520
height = head + 10 + plot_height + 60
set terminal svg size width, height @svg
set output output_svg
subtitle = "GFLOP/s against FLOP per byte of operands, both logarithmic. Hollow: im2col, bytes of its columns added. Lines: measured ceilings."
stats data skip 1 using 7:5 name "low" nooutput
stats data skip 1 using 1:6 name "high" nooutput
ridge = peak / fastest
x_lo = (low_min_x < ridge ? low_min_x : ridge) / 2.5
x_hi = high_max_x * 4
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
set bmargin at screen y(head + 10 + plot_height)
set xlabel "arithmetic intensity, FLOP/byte" textcolor rgb faint
set ylabel "GFLOP/s" textcolor rgb faint offset 1,0
slope = atan((plot_height / log10(y_hi / y_lo)) / ((width - 100) / log10(x_hi / x_lo))) * 180 / pi

# Directions have forms, implementations colours; a hollow form has the number before the filled one.
dirs = "fwd bwd_d bwd_w"
dir_form(d) = d eq "fwd" ? 7 : d eq "bwd_d" ? 9 : 5
dir_x(c) = width - 30 - 74 * (4 - c)
legend_form(i) = 7
@title_at
@legend_at
set for [c=1:3] label 1100+c word(dirs, c) at screen x(dir_x(c)), screen y(height - 20) left offset 1.2,-0.25 \
    textcolor rgb ink point pointtype dir_form(word(dirs, c)) pointsize 0.8 linecolor rgb ink

# A level's name stands where its line enters the picture; memory's stands below its line.
enters(b) = y_lo / b > x_lo ? y_lo / b : x_lo
do for [k=1:|level_gbs|] {
    b = level_gbs[k]
    below = level_name[k] eq "memory"
    set arrow 10+k from enters(b), b * enters(b) to peak / b, peak nohead linewidth 1.2 linecolor rgb ink
    set label 10+k level_name[k] . " " . short(b) . " GB/s" at enters(b) * 1.08, b * enters(b) * 1.08 \
        left rotate by slope offset (below ? 0.9 : 0), (below ? -0.3 : 0.7) font ",11" textcolor rgb ink
}
# The highest peak is the roof and has its name at the ridge; those of lesser instruction sets have
# theirs at the right, clear of the slopes. Names of f64 stand below their lines.
do for [k=1:|peak_gflops|] {
    p = peak_gflops[k]
    roof = p > 0.999 * peak
    from_x = p / fastest > x_lo ? p / fastest : x_lo
    down = peak_f64[k] ? -0.7 : 0.6
    if (roof) {
        set arrow 20+k from from_x, p to x_hi, p nohead linewidth 1.6 linecolor rgb ink
        set label 20+k "FMA " . peak_name[k] . " " . short(p) . " GFLOP/s" at from_x * 1.1, p left \
            offset 0, down font ",11" textcolor rgb ink
    } else {
        set arrow 20+k from from_x, p to x_hi, p nohead linewidth 1 dashtype 2 linecolor rgb ink
        set label 20+k peak_name[k] . " " . short(p) at x_hi, p right offset -0.5, down font ",11" textcolor rgb ink
    }
}
pick(d, i, v) = strcol(3) eq d && strcol(2) eq word(impls, i) ? v : NaN
moved(d, i, v) = $7 < $1 ? pick(d, i, v) : NaN
plot for [c=1:3] for [i=1:nimpls] data skip 1 \
        using 7:(moved(word(dirs, c), i, $4)):($1 - $7):(0) with vectors nohead linewidth 0.6 \
        linecolor rgb colour(i) notitle, \
    for [c=1:3] for [i=1:nimpls] data skip 1 \
        using 7:(moved(word(dirs, c), i, $4)) with points pointtype dir_form(word(dirs, c)) - 1 \
        pointsize 0.6 linewidth 1 linecolor rgb colour(i) notitle, \
    for [c=1:3] for [i=1:nimpls] data skip 1 \
        using 1:(pick(word(dirs, c), i, $4)):5:6 with yerrorbars pointtype dir_form(word(dirs, c)) \
        pointsize (dense ? 0.4 : 0.6) linewidth 1 linecolor rgb colour(i) notitle
