"use strict";
(function () {
    const data = JSON.parse(document.getElementById("data").textContent);
    const byId = (id) => document.getElementById(id);
    const body = document.querySelector("#list tbody");
    const heads = [...document.querySelectorAll("#list th[data-key]")];
    for (const row of data.rows) {
        row.tiers = row.tiers.map(([rank, score, mw, scores, kept]) => ({
            rank, score, mw, scores,
            rules: kept.map(([rule]) => rule),
            ja: kept.map(([, text]) => data.texts[text][0]).join("；"),
            en: kept.map(([, text]) => data.texts[text][1]).join("; "),
        }));
    }
    const chosen = data.rows.filter((row) => row.hub !== null);
    const order = {chosen: 0, admitted: 1, refused: 2};
    let sorted = {key: "rank", down: false};

    function option(select, value, [ja, en]) {
        const node = byId(select).appendChild(document.createElement("option"));
        node.value = value;
        node.textContent = ja === en ? ja : `${ja} ${en}`;
    }

    function add(parent, kind, text, name) {
        const node = parent.appendChild(document.createElement(kind));
        node.textContent = text;
        if (name) { node.className = name; }
        return node;
    }

    /* A site may be refused in one tier and chosen or admitted in another. */
    function status(row, tier) {
        if (row.hub !== null) { return "chosen"; }
        return row.tiers[tier].rules.length ? "refused" : "admitted";
    }

    function value(row, tier, key) {
        const own = row.tiers[tier];
        if (key === "place") { return data.prefectures[row.prefecture].join() + row.ja; }
        if (key === "status") { return order[status(row, tier)]; }
        return key in own ? own[key] : own.scores[Number(key)];
    }

    function compare(first, second) {
        if (first === second) { return 0; }
        if (first === null) { return 1; }
        if (second === null) { return -1; }
        return (first < second ? -1 : 1) * (sorted.down ? -1 : 1);
    }

    function unfold(line, row) {
        const next = line.nextSibling;
        const button = line.querySelector("button");
        if (next && next.className === "more") { next.remove(); }
        const open = button.getAttribute("aria-expanded") !== "true";
        button.setAttribute("aria-expanded", open);
        if (!open) { return; }
        const more = document.createElement("tr");
        more.className = "more";
        const cell = more.insertCell();
        cell.colSpan = line.cells.length;
        row.figures.forEach((figure, number) => {
            if (figure === null) { return; }
            const [ja, en, unit] = data.figures[number];
            const share = unit === "share";
            const said = share ? `${(100 * figure).toFixed(1)} %` : `${figure.toLocaleString("en")} ${unit === "ratio" ? "" : unit}`;
            add(add(cell, "p", `${ja} `), "small", en).parentNode.append(`：${said}`);
        });
        line.after(more);
    }

    function draw() {
        const tier = Number(byId("tier").value);
        const [prefecture, wanted, rule] = ["prefecture", "status", "rule"].map((id) => byId(id).value);
        const text = byId("text").value.trim().toLowerCase();
        const rows = data.rows.filter((row) => {
            const own = row.tiers[tier];
            return (!prefecture || row.prefecture === Number(prefecture))
                && (!wanted || status(row, tier) === wanted)
                && (!rule || own.rules.includes(Number(rule)))
                && (!text || [row.id, row.ja, row.en, own.ja, own.en, row.ties,
                    ...data.prefectures[row.prefecture]].join(" ").toLowerCase().includes(text));
        });
        rows.sort((a, b) => compare(value(a, tier, sorted.key), value(b, tier, sorted.key))
            || compare(a.tiers[tier].rank, b.tiers[tier].rank));
        body.textContent = "";
        for (const row of rows) {
            const own = row.tiers[tier];
            const line = body.insertRow();
            line.className = status(row, tier);
            add(line, "td", own.rank === null ? "–" : own.rank, "n");
            const place = add(line, "th", "");
            place.scope = "row";
            const button = add(place, "button", `${row.hub === null ? "" : "● "}${row.ja}`);
            button.type = "button";
            button.setAttribute("aria-expanded", false);
            button.addEventListener("click", () => unfold(line, row));
            add(place, "small", `${row.en === row.ja ? "" : row.en} ${data.prefectures[row.prefecture].join(" ")} ${row.id}`);
            const titles = row.hub === null ? data.statuses[line.className] : data.titles[row.hub];
            const state = add(line, "td", row.hub === null ? titles[0] : `${titles[0]} 約${row.mw} MW`);
            add(state, "small", titles[1]);
            add(line, "td", own.score.toFixed(4), "n");
            add(line, "td", own.mw === null ? "–" : own.mw.toLocaleString("en"), "n");
            for (const score of own.scores) { add(line, "td", score === null ? "–" : score.toFixed(2), "n"); }
            const why = add(line, "td", own.ja || (row.ties && `≈ ${row.ties}`));
            if (own.en) { add(why, "small", own.en).lang = "en"; }
        }
        byId("count").textContent = `${rows.length} / ${data.rows.length}`;
        for (const head of heads) {
            const here = head.dataset.key === sorted.key;
            head.setAttribute("aria-sort", here ? (sorted.down ? "descending" : "ascending") : "none");
        }
    }

    data.tiers.forEach((titles, number) => option("tier", number, titles));
    const most = data.numbers.map((tier) => chosen.filter((row) => row.hub === tier).length);
    byId("tier").value = most.indexOf(Math.max(...most));
    data.prefectures.forEach((names, number) => option("prefecture", number, names));
    Object.entries(data.statuses).forEach(([key, names]) => option("status", key, names));
    data.rules.forEach((names, number) => option("rule", number, names));
    for (const head of heads) {
        head.addEventListener("click", () => {
            const key = head.dataset.key;
            const first = !["rank", "place", "status"].includes(key);
            sorted = {key, down: sorted.key === key ? !sorted.down : first};
            draw();
        });
    }
    for (const kind of ["input", "change"]) { byId("filters").addEventListener(kind, draw); }
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    draw();
}());
