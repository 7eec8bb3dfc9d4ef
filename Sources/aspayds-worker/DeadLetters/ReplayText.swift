import Contract
import JSON

/// What becomes of dead letters that are replayed, for people and for programs.
struct ReplayText {
    private let topic: String
    private let json: Bool

    init(_ settings: Settings, json: Bool) {
        topic = Topics(prefix: settings.topicPrefix).deadLetters
        self.json = json
    }

    /// What a person should know before.
    static func risk(of drafts: [ReplayDraft]) -> String {
        func count(_ number: Int, _ what: String) -> String? {
            number == 0 ? nil : "\(number) \(what)\(number == 1 ? "" : "s")"
        }
        let orders = drafts.count { $0.key != nil }
        let parts = [
            count(orders, "order").map { "carry out \($0)" },
            count(drafts.count - orders, "question").map { "answer \($0)" },
        ]
        let topics = Set(drafts.map(\.source.topic)).sorted().joined(separator: ", ")
        return "This lets workers \(parts.compactMap(\.self).joined(separator: " and ")) "
            + "(\(printable(topics)))."
    }

    /// One that stays.
    func tell(_ left: ReplayPlan.Left) {
        guard json else {
            return Terminal.complain("\(left.place): \(left.cause.rawValue): \(left.reason)")
        }
        print(left.place, left.cause.rawValue) { $0.field("what", left.reason) }
    }

    /// One that would go back.
    func tell(_ draft: ReplayDraft) {
        guard json else {
            return Terminal.print("\(draft.place)  would be replayed: \(draft.command.summary)")
        }
        print(draft.place, "ready") { $0.field("what", draft.command.summary) }
    }

    /// One that was sent.
    func tell(_ draft: ReplayDraft, _ report: Replayer.Report) {
        switch report {
        case .failure(let error): Terminal.complain("error: \(draft.place): \(error)")
        case .success(let place) where json:
            print(draft.place, "replayed") { w in
                w.field("what", draft.command.summary)
                w.object("command") { LetterText.write(place, to: &$0) }
            }
        case .success(let place):
            Terminal.print("\(draft.place)  \(place)  \(draft.command.summary)")
        }
    }

    private func print(
        _ place: LetterPlace,
        _ result: String,
        _ more: (inout JSONWriter) -> Void
    ) {
        Terminal.print(
            CompactJSON.line { w in
                w.object("dead_letter") { LetterText.write(place.source(in: topic), to: &$0) }
                w.field("result", result)
                more(&w)
            }
        )
    }
}
