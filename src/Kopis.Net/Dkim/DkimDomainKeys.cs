namespace Kopis.Net.Dkim;

/// <summary>The keys of a domain.</summary>
/// <param name="Domain">The domain; empty if the keys of no domain can be read.</param>
/// <param name="Keys">The keys that can be used, the newest first, RSA before Ed25519.</param>
/// <param name="Faults">What is wrong with other keys, one line each, with the file name.</param>
public sealed record DkimDomainKeys(
    string Domain, IReadOnlyList<DkimKeyFile> Keys, IReadOnlyList<string> Faults)
{
    /// <summary>The most signatures of a message: two kinds of keys, and their predecessors while
    /// they are replaced.</summary>
    public const int SignaturesMax = 4;

    /// <summary>The keys that sign at a given time.</summary>
    public IReadOnlyList<DkimKeyFile> At(DateTimeOffset now) =>
        [.. Keys.Where(key => key.SignsAt(now)).Take(SignaturesMax)];
}
