// Tables sort by the column whose head is clicked; the filter keeps rows that hold all its words.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const value = (row, i) => {
    const cell = row.cells[i];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
  };
  table.tHead.addEventListener("click", event => {
    const head = event.target.closest("th");
    if (!head) return;
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...body.rows].sort((a, b) => {
      const x = value(a, head.cellIndex), y = value(b, head.cellIndex);
      return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
    });
    body.append(...rows);
  });
}
const filter = document.getElementById("filter"), shown = document.getElementById("shown");
const rows = [...document.querySelectorAll("#cells tbody tr")];
const words = rows.map(row => row.textContent.toLowerCase() + " " + [...row.cells].map(c => c.title).join(" "));
const apply = () => {
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  rows.forEach((row, i) => {
    row.hidden = !wanted.every(word => words[i].includes(word));
    count += !row.hidden;
  });
  shown.textContent = count + " of " + rows.length + " cells";
};
filter.addEventListener("input", apply);
apply();
