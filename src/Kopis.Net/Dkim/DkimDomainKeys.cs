namespace Kopis.Net.Dkim;

/// <summary>The keys of a domain.</summary>
/// <param name="Domain">The domain; empty where the keys of no domain can be read.</param>
/// <param name="Keys">Those that can be used, the newest first, RSA before Ed25519.</param>
/// <param name="Faults">What is wrong with others, a line each, with the name of the file.</param>
public sealed record DkimDomainKeys(
    string Domain, IReadOnlyList<DkimKeyFile> Keys, IReadOnlyList<string> Faults)
{
    /// <summary>A message gets no more signatures than that: two kinds of keys, and those before
    /// them while they are replaced.</summary>
    public const int SignaturesMax = 4;

    /// <summary>The keys that sign at a time.</summary>
    public IReadOnlyList<DkimKeyFile> At(DateTimeOffset now) =>
        [.. Keys.Where(key => key.SignsAt(now)).Take(SignaturesMax)];
}
