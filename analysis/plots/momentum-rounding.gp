# How far the two forms of momentum are apart: largest difference in ulp by step.
# Columns: race, function, dtype, step, ulp
side = 360; left = 84
height = head + 4 + side + 64
set terminal svg size width, height @svg
set output output_svg
race_hue(i) = hue(int(word("2 3 1 6", i)))
stats data skip 1 using 5 name "ulp" nooutput
set lmargin at screen x(left)
set rmargin at screen x(width - 40)
set tmargin at screen y(head + 4)
set bmargin at screen y(head + 4 + side)
set grid x y linecolor rgb rule linewidth 1 linetype 1
set logscale y
set yrange [0.7 * ulp_min:1.6 * ulp_max]
set format y "%g"
set xrange [0:steps]
set xlabel "step" textcolor rgb faint offset 0,0.4
set ylabel "difference of I and II, ulp" textcolor rgb faint offset 1,0
@title_at
set for [i=1:4] label 1010+i value(sprintf("race%d", i)) at screen x(24 + 150 * (i - 1)), screen y(74) \
    left offset 1.2,-0.25 textcolor rgb ink point pointtype 5 pointsize 0.8 linecolor rgb race_hue(i)
plot for [i=1:4] data skip 1 using ($1 == i ? $4 : NaN):5 with lines linewidth 1.3 linecolor rgb race_hue(i) notitle
