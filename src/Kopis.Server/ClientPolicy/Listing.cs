namespace Kopis.Server.ClientPolicy;

/// <summary>The answers of all lists about a client.</summary>
/// <param name="Score">The sum of the weights of the lists that have the client.</param>
/// <param name="Least">The score if all silent lists of good clients had it.</param>
/// <param name="Zones">The zones that list it.</param>
/// <param name="IsWhole">Whether all lists have answered.</param>
internal sealed record Listing(int Score, int Least, IReadOnlyList<string> Zones, bool IsWhole)
{
    internal static readonly Listing None = new(0, 0, [], IsWhole: true);
}
