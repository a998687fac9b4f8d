namespace Kopis.Mail.Dsn;

/// <summary>Names of the classes of failure (docs/SENDING.md): with hyphens in control files,
/// without in records.</summary>
public static class BounceClassNames
{
    /// <summary>The names, by number.</summary>
    private static readonly string[] Names =
    [
        "none", "bad-mailbox", "inactive-mailbox", "bad-domain", "quota", "policy",
        "spam-content", "authentication", "greylisted", "rate-limited", "connection-failed",
        "tls-failed", "protocol", "size", "relay-denied", "dns", "loop", "login-refused",
        "server-trouble", "local", "form", "unknown",
    ];

    /// <summary>The number of classes.</summary>
    public static int Count => Names.Length;

    /// <summary>The names in the journal's records, by number.</summary>
    public static IReadOnlyList<string> OfRecords { get; } =
        [.. Names.Select(name => name.Replace("-", "", StringComparison.Ordinal))];

    /// <summary>The class for a word in lower case; null if it is not a class of failures.
    /// </summary>
    public static BounceClass? Find(string word) =>
        Array.IndexOf(Names, word) is > 0 and int number ? (BounceClass)number : null;
}
