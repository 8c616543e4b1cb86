"use strict";
(function () {
    const front = JSON.parse(document.getElementById("data").textContent);
    const points = front.points;
    const byId = (id) => document.getElementById(id);
    const box = {left: 74, right: 622, top: 48, bottom: 408};
    let picked = 0;

    function draw(parent, kind, attributes, text) {
        const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
        for (const [key, value] of Object.entries(attributes)) { node.setAttribute(key, value); }
        if (text !== undefined) { node.textContent = text; }
        parent.appendChild(node);
        return node;
    }

    function cell(row, text, numeric, small) {
        const node = row.insertCell();
        node.textContent = text;
        if (numeric) { node.className = "n"; }
        if (small) { node.appendChild(document.createElement("small")).textContent = small; }
    }

    function quantity(value, unit) {
        if (value === null) { return "–"; }
        if (unit === "share") { return (value * 100).toFixed(2) + " %"; }
        const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3;
        return value.toFixed(digits) + (unit === "ratio" ? "" : " " + unit);
    }

    function title(axis, arrow) {
        return [`${arrow} 評点：${axis.label_ja}`, `score: ${axis.label_en}`];
    }

    /* Round steps over a range of scores, and where a score lies in it. */
    function scale(scores, from, to) {
        let low = Math.min(...scores), high = Math.max(...scores);
        const pad = (high - low) * 0.06 || Math.abs(high) * 0.02 || 0.01;
        low -= pad; high += pad;
        const raw = (high - low) / 6, power = 10 ** Math.floor(Math.log10(raw));
        const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
        const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        const ticks = [];
        for (let n = Math.ceil(low / step); n * step <= high; n += 1) { ticks.push(n * step); }
        return {ticks, digits, at: (score) => from + (score - low) / (high - low) * (to - from)};
    }

    function chart() {
        const svg = byId("chart");
        /* Scores, not units: by them one point is better than another, and bounds are scores. */
        const x = scale(points.map((p) => p.x_score), box.left, box.right);
        const y = scale(points.flatMap((p) => [p.y_score, p.y_score_bound]), box.bottom, box.top);
        for (const value of x.ticks) {
            const at = x.at(value);
            draw(svg, "line", {class: "grid", x1: at, x2: at, y1: box.top, y2: box.bottom});
            draw(svg, "text", {x: at, y: box.bottom + 18, "text-anchor": "middle"}, value.toFixed(x.digits));
        }
        for (const value of y.ticks) {
            const at = y.at(value);
            draw(svg, "line", {class: "grid", x1: box.left, x2: box.right, y1: at, y2: at});
            draw(svg, "text", {x: box.left - 8, y: at + 4, "text-anchor": "end"}, value.toFixed(y.digits));
        }
        draw(svg, "path", {class: "axis", fill: "none", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}`});
        const middle = (box.left + box.right) / 2;
        const across = title(front.x, "→"), up = title(front.y, "↑");
        draw(svg, "text", {x: middle, y: 446, "text-anchor": "middle"}, across[0]);
        draw(svg, "text", {x: middle, y: 463, "text-anchor": "middle"}, across[1]);
        draw(svg, "text", {x: 8, y: 15}, up[0]);
        draw(svg, "text", {x: 8, y: 32}, up[1]);
        draw(svg, "polyline", {class: "line", points: points.map((p) => `${x.at(p.x_score)},${y.at(p.y_score)}`).join(" ")});
        points.forEach(function (point, number) {
            const cx = x.at(point.x_score), cy = y.at(point.y_score);
            draw(svg, "line", {class: "whisker", x1: cx, x2: cx, y1: cy, y2: y.at(point.y_score_bound)});
            const mark = draw(svg, "circle", {class: `point ${point.status}`, cx, cy, r: 7, tabindex: 0, "data-number": number});
            draw(mark, "title", {}, `${quantity(point.x, front.x.unit)} / ${quantity(point.y, front.y.unit)}`);
            mark.addEventListener("click", () => pick(number));
            mark.addEventListener("keydown", (event) => { if (event.key === "Enter") { pick(number); } });
        });
    }

    function ground() {
        for (const core of front.cores) {
            const [x, y] = core.at;
            draw(byId("cores"), "rect", {class: "core-mark", x: x - 5, y: y - 5, width: 10, height: 10});
            draw(byId("cores"), "text", {x: x + 11, y: y + 20}, core.ja);
        }
        for (const tier of Object.values(front.tiers)) {
            const entry = byId("legend").appendChild(document.createElement("span"));
            const sample = entry.appendChild(document.createElement("i"));
            sample.className = "round";
            sample.style.background = tier.colour;
            entry.append(`${tier.ja} ${tier.en}`);
        }
        byId("legend").appendChild(document.createElement("span")).textContent = "■ 既存中核 Existing core";
    }

    function plan(point) {
        byId("hubs").replaceChildren();
        byId("places").tBodies[0].replaceChildren();
        for (const hub of [...point.hubs].reverse()) {
            const mark = draw(byId("hubs"), "circle", {cx: hub.x, cy: hub.y, r: hub.r, fill: front.tiers[hub.tier].colour, "data-site": hub.site_id});
            draw(mark, "title", {}, `${hub.name_ja} ${hub.name_en || ""} 約${hub.mw} MW`);
        }
        for (const hub of point.hubs) {
            if (hub.tier !== "regional") { draw(byId("hubs"), "text", {x: hub.x + hub.r + 4, y: hub.y + 7}, hub.name_ja); }
            const row = byId("places").tBodies[0].insertRow();
            const tier = front.tiers[hub.tier];
            cell(row, tier.ja, false, tier.en);
            cell(row, `${hub.prefecture_ja} ${hub.name_ja}`, false, [hub.name_en, hub.prefecture_en].filter(Boolean).join(", "));
            cell(row, hub.mw, true);
        }
    }

    function measures(point) {
        byId("measures").tBodies[0].replaceChildren();
        for (const measure of point.measures) {
            const row = byId("measures").tBodies[0].insertRow();
            if ([front.x.measure, front.y.measure].includes(measure.measure)) { row.className = "axis-row"; }
            cell(row, measure.label_ja, false, measure.label_en);
            cell(row, quantity(measure.value, measure.unit), true);
            cell(row, measure.score === null ? "–" : measure.score.toFixed(3), true);
        }
    }

    function pick(number) {
        picked = Math.max(0, Math.min(points.length - 1, number));
        const point = points[picked];
        document.querySelectorAll("#chart .point").forEach((mark, n) => mark.classList.toggle("picked", n === picked));
        byId("slider").value = picked;
        byId("which").textContent = `${picked + 1} / ${points.length}：${quantity(point.x, front.x.unit)}、${quantity(point.y, front.y.unit)}（差 gap ${(point.gap * 100).toFixed(3)} %）`;
        plan(point);
        measures(point);
    }

    chart();
    ground();
    for (const id of ["slider", "before", "after"]) { byId(id).disabled = points.length === 1; }
    byId("slider").addEventListener("input", (event) => pick(Number(event.target.value)));
    byId("before").addEventListener("click", () => pick(picked - 1));
    byId("after").addEventListener("click", () => pick(picked + 1));
    pick(0);
    document.body.classList.add("dc-ready");
}());
