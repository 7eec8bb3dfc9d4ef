/// Divides among replicas what they have together: max-min fair, weighted by their partitions.
///
/// Nobody gets more than it wants. What some do not want is divided among the others by their
/// weights, until it is used up or nobody wants more. So whoever wants at least its own part gets at
/// least that, and where all want more, everybody keeps its own.
///
///     base   25  25  25  25      25  25  25  25      25  25  25  25
///     wants   5 100  40   5      30  30  20 100     100 100 100 100
///     part    5  50  40   5      26  27  20  27      25  25  25  25   (cut to whole numbers)
enum FairSplit {
    /// A replica.
    struct Party: Hashable {
        /// Its part by its partitions, which is its weight too.
        var base: Millionths
        var wants: Millionths
    }

    /// The part of each; together never more than the sum of the bases.
    static func parts(of parties: [Party]) -> [Millionths] {
        var parts = parties.map { _ in 0 }
        var rest = parties.reduce(0) { $0 + $1.base }
        var weight = rest
        // Whoever wants the least for its weight comes first, and leaves the most to the others.
        let order = parties.indices.filter { parties[$0].base > 0 }.sorted { first, second in
            let (left, right) = (parties[first], parties[second])
            let (less, more) = (left.wants * right.base, right.wants * left.base)
            return (less, first) < (more, second)
        }
        for index in order {
            let party = parties[index]
            parts[index] = min(party.wants, rest * party.base / weight)
            rest -= parts[index]
            weight -= party.base
        }
        return parts
    }
}
