namespace Kopis.Server.ClientPolicy;

/// <summary>The answers of all lists about a client.</summary>
/// <param name="Score">The sum of the weights of those that list it.</param>
/// <param name="Least">The score if it were on every silent list of good clients.
/// </param>
/// <param name="Zones">Those that list it.</param>
/// <param name="IsWhole">No list was silent.</param>
internal sealed record Listing(int Score, int Least, IReadOnlyList<string> Zones, bool IsWhole)
{
    internal static readonly Listing None = new(0, 0, [], IsWhole: true);
}
