// English and Chinese. What stands in the specification (rules, states, claims) stays as it is.

const ZH = {
  "Ask TCP": "问问 TCP",
  "The specification of TCP, running in this page": "在本页中运行的 TCP 规约",
  "Play": "演练", "Runs": "运行", "Ask": "提问", "Compute": "计算", "Capture": "抓包",
  "Light or dark": "明暗", "Copy link": "复制链接", "Copied": "已复制",
  "Host": "主机", "State": "状态", "In flight": "传输中", "nothing in flight": "没有传输中的报文段",
  "deliver": "送达", "copy": "送达并保留", "lose": "丢失", "hold": "扣留", "release": "放行",
  "Deliver": "送达", "Deliver, and keep a copy in flight": "送达，副本仍在传输中", "Lose": "丢失",
  "Hold: it stays in flight when the oldest is delivered": "扣留：依次送达时跳过它",
  "Undo": "撤销", "Redo": "重做", "Start again": "重新开始", "Fork": "分叉", "Tick": "时钟滴答",
  "Deliver the oldest": "送达最早的", "Back": "后退", "Next": "前进", "First": "最前", "Last": "最后",
  "Run on": "自动播放", "Stop": "停止",
  "Machine": "模型", "Open and close": "打开与关闭", "With text": "带数据", "A listener and its queues": "监听者与它的队列",
  "A rule to break": "要破坏的规则", "none: as RFC 9293 has it": "无：与 RFC 9293 一致",
  "This step": "这一步", "Nothing has happened yet. Let a host open: A actively, B passively.": "还没有发生任何事。让 A 主动打开，让 B 被动打开。",
  "Rules that fired": "触发的规则", "no rule": "没有规则", "told the user": "告知用户",
  "Claims": "断言", "hold here": "在此成立", "fall here": "在此被打破", "holds": "成立", "falls": "被打破",
  "reached": "已达到", "not yet": "尚未", "something is awaited": "尚有未完成之事", "nothing is awaited": "没有未完成之事",
  "asked only where all is at rest": "只在一切静止时才问", "assumes": "假定", "falls, and assumes what is not so here": "被打破，但其假定在此不成立", "No claim watches this walk.": "没有断言观察这次演练。",
  "decided at": "判定于", "Sequence space": "序号空间", "sent by": "发送方",
  "acknowledged": "已确认", "sent, not acknowledged": "已发送未确认", "send window": "发送窗口", "receive window": "接收窗口",
  "Ladder": "时序图", "step": "步", "loop": "循环", "forever": "永远",
  "User": "用户", "Timers and others": "定时器与其他", "nothing to do": "无事可做",
  "A pinned run": "一次固定的运行", "Find": "查找", "counterexamples": "反例", "lassos": "套索", "witnesses": "见证", "scenarios": "场景", "all": "全部",
  "steps": "步", "Its loop begins at step": "循环始于第", "The run ends here.": "运行到此结束。",
  "Break a rule": "破坏一条规则", "Switch": "开关", "Which claims fall": "哪些断言被打破", "shortest run": "最短运行",
  "falls: play": "被打破：播放", "holds: a control": "仍成立：对照",
  "With and without": "有与没有", "Side by side": "并排比较", "as the RFC has it": "按 RFC", "without the rule": "去掉规则",
  "The same moves under both; the first difference is marked.": "两边走同样的步骤；第一处不同会标出。",
  "No difference in these steps.": "这些步骤没有不同。", "first difference": "第一处不同", "not possible here": "此处不可能",
  "A cell": "一个格子", "Segment": "报文段", "What RFC 9293 requires there": "RFC 9293 在此处的要求", "shortest run that needs it": "需要它的最短运行",
  "No run here meets this cell.": "这里没有运行遇到这个格子。", "in": "在", "runs": "次运行",
  "How long must TIME-WAIT be?": "TIME-WAIT 要多长？", "seconds": "秒",
  "How many SYNs keep a client out?": "每秒多少 SYN 会把客户端拒之门外？", "How many connections a second?": "每秒能有多少连接？", "What do requests cost?": "请求的代价是多少？",
  "Backlog": "半连接队列", "SYN,ACK sent again": "SYN,ACK 重发次数", "Requests": "请求数", "Ports": "端口数",
  "enough": "足够", "too short": "太短", "Checked exhaustively, in ticks": "以滴答为单位穷尽检验",
  "Open a report": "打开报告", "Read a report of conform --json": "读取 conform --json 的报告", "Connections": "连接",
  "This report has no connections.": "此报告中没有连接。", "This is no report of conform or narrate.": "这不是 conform 或 narrate 的报告。",
  "Keys": "按键", "There is no such run.": "没有这次运行。", "Language": "语言", "violated": "被违反", "shown": "已显示",
  "not possible under these rules": "在这些规则下不可能",
  "A link to this very state": "指向当前状态的链接",
};

let language = "en";

export const t = (text) => (language === "zh" ? ZH[text] || text : text);

export const setLanguage = (to) => {
  language = to === "zh" ? "zh" : "en";
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
};

export const languageNow = () => language;

/** The texts that have no translation among these; for the tests. */
export const untranslated = (texts) => texts.filter((text) => !(text in ZH));
