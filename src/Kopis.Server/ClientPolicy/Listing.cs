namespace Kopis.Server.ClientPolicy;

/// <summary>What all lists together say of a client.</summary>
/// <param name="Score">The sum of the weights of those that list it.</param>
/// <param name="Least">What the score would be were it on every list of the good that was silent.
/// </param>
/// <param name="Zones">Those that list it.</param>
/// <param name="IsWhole">No list was silent.</param>
internal sealed record Listing(int Score, int Least, IReadOnlyList<string> Zones, bool IsWhole)
{
    internal static readonly Listing None = new(0, 0, [], IsWhole: true);
}
