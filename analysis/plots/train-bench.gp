# The time of a training step by implementation and number of threads.
# Columns: impl, threads, samples, median s, ci lo s, ci hi s, images/s, GFLOP/s, kernel share
pitch = 26; left = 220; right = 190; bottom = 56; top = 84
height = top + rows * pitch + bottom
set terminal svg size width, height @svg
set output output_svg
@title_at
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set tmargin at screen y(top)
set bmargin at screen y(height - bottom)
stats data skip 1 using 5 nooutput name "low"
stats data skip 1 using 6 nooutput name "high"
tick_lo = low_min / 1.5; tick_hi = high_max * 1.5; panel_px = width - left - right; tick_room = 52
tick_name(v) = seconds_name(v)
set logscale x
set xrange [tick_lo:tick_hi]
eval log_ticks
set xlabel "time of a step (logarithmic)" textcolor rgb faint offset 0,0.4
set yrange [rows - 0.4:-0.6]
unset ytics
name(impl, threads) = sprintf("%s, %d thread%s", impl, threads, threads > 1 ? "s" : "")
facts(images, share) = sprintf("%s images/s, %.0f %%", short(images), 100 * share)
plot data skip 1 using (tick_lo):0:($4 - tick_lo):(0) with vectors nohead linewidth 1.5 linecolor rgb "#56B4E9" notitle, \
    data skip 1 using 4:0:5:6 with xerrorbars pointtype 7 pointsize 0.7 linewidth 2 linecolor rgb "#0072B2" notitle, \
    data skip 1 using (tick_lo):0:(name(strcol(1), $2)) with labels right offset -1,0 font ",11" textcolor rgb ink notitle, \
    data skip 1 using (tick_hi):0:(facts($7, $9)) with labels left offset 1,0 font ",11" textcolor rgb ink notitle
