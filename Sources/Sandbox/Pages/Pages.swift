/// What people see in a browser: the checkout, and the console at `/`.
struct Pages {
    let provider: Provider

    /// Nil for what is no page; the provider answers that.
    func answer(_ method: String, _ target: Target, _ body: [UInt8]) -> Answer? {
        switch target.path.first {
        case nil where method == "GET":
            return ConsolePage(provider: provider).answer()
        case "console" where method == "POST":
            return Console(provider: provider).answer(target.path, body)
        case "methods":
            return Checkout(provider: provider).answer(method, target.path)
        case "assets" where method == "GET" && target.path.count == 2:
            return Assets.answer(target.path[1])
        default:
            return nil
        }
    }
}
