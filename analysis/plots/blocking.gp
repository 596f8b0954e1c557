# GFLOP/s by the depth and the rows of the packed blocks: a heat map on equal steps.
# Columns: kc, mc, place of kc, place of mc, GFLOP/s, lo, hi, samples
left = 84; right = 110; top = head - 18
height = top + 30 * rows + 70
set terminal svg size width, height @svg
set output output_svg
@title_at
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set tmargin at screen y(top)
set bmargin at screen y(top + 30 * rows)
unset grid
set xrange [-0.5:columns - 0.5]
set yrange [-0.5:rows - 0.5]
set xlabel "kc: depth of the blocks of A and B" textcolor rgb faint offset 0,0.2
set ylabel "mc: rows of the block of A" textcolor rgb faint offset -1,0
set palette defined (0 "#08306b", 1 "#0072B2", 2 "#9ecae1", 3 "#ffffff", 4 "#fdae6b", 5 "#D55E00")
set cblabel "GFLOP/s" textcolor rgb faint offset 1,0
set colorbox user origin screen x(width - right + 16), screen y(top + 30 * rows) size screen 16.0 / width, screen 30 * rows / real(height)
light(v) = (v - lowest) / (highest - lowest)
text_colour(v) = light(v) < 0.3 || light(v) > 0.95 ? 0xffffff : 0x222222
set object 1 rectangle from first model_x - 0.5, first model_y - 0.5 to first model_x + 0.5, first model_y + 0.5 \
    front fillstyle empty border rgb ink linewidth 3
set object 2 rectangle from first best_x - 0.46, first best_y - 0.42 to first best_x + 0.46, first best_y + 0.42 \
    front fillstyle empty border rgb "#009E73" linewidth 2.5 dashtype 2
set label 3 "framed: the model's   dashed: the fastest" at screen x(width - right), screen y(top - 10) right \
    font ",11" textcolor rgb faint
plot data skip 1 using 3:4:5:xticlabels(sprintf("%d", $1)):yticlabels(sprintf("%d", $2)) with image pixels notitle, \
     data skip 1 using 3:4:(sprintf("%.0f", $5)):(text_colour($5)) with labels font ",11" textcolor rgb variable notitle
