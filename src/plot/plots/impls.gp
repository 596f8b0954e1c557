# A colour and a form for each implementation, and a legend of them below the subtitle.
nimpls = words(impls)
colour(i) = word(colours, i)
form(i) = int(word(forms, i))
legend_form(i) = form(i)
# As many rows as they need; what follows moves down.
array legend_px[nimpls]; array legend_py[nimpls]
legend_end = 24; legend_rows = 1
do for [i=1:nimpls] {
    legend_width = 36 + 7.1 * strlen(word(impls, i))
    if (i > 1 && legend_end + legend_width - 16 > width) { legend_end = 24; legend_rows = legend_rows + 1 }
    legend_px[i] = legend_end; legend_py[i] = 72 + 20 * (legend_rows - 1)
    legend_end = legend_end + legend_width
}
head = head + 20 * (legend_rows - 1)
legend_at = 'set for [i=1:nimpls] label 1010+i word(impls, i) at screen x(legend_px[i]), screen y(legend_py[i]) \
             left offset 1.2,-0.25 font ",12" textcolor rgb ink point pointtype legend_form(i) pointsize 0.8 \
             linecolor rgb colour(i)'
