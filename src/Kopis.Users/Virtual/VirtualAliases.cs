using Kopis.Base;

namespace Kopis.Users.Virtual;

/// <summary><c>users/aliases</c>: one alias a line, <c>address:target,target</c>. An <c>@domain</c>
/// in place of the address stands for all addresses of the domain that belong to nobody
/// (kopis-alias(1)). Read again when the file has changed; written by
/// <see cref="VirtualAliasesFile"/>.</summary>
/// <param name="homeDirectory">The qmail home.</param>
/// <param name="complain">Logs wrong lines, each once; null: no log.</param>
public sealed class VirtualAliases(string homeDirectory, Action<string>? complain = null)
{
    /// <summary>How many targets an alias may have; longer lists are mailing lists, and belong in a
    /// .qmail file.</summary>
    public const int TargetsMax = 100; // RFC 5321 §4.5.3.1.10: what any server takes at once.

    internal static readonly TableFormat Format =
        new("aliases", "address:target,target", (key, rest) => IsKey(key) && IsTargets(rest));

    private readonly TableReader _table =
        new(VirtualUsers.UsersDirectory(homeDirectory), Format, complain);

    /// <summary>Where the aliases of a home are kept.</summary>
    public static string FileName(string homeDirectory) =>
        Format.TextPath(VirtualUsers.UsersDirectory(homeDirectory));

    /// <summary>The targets of exactly this address, ignoring ASCII case; empty if it is not an
    /// alias.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or that line cannot be
    /// parsed.</exception>
    public string[] Find(ReadOnlySpan<byte> address) =>
        _table.Find(Ascii8.ToLower(address))?.Split(',') ?? [];

    /// <summary>The targets of the domain's catch-all; empty: it has none.</summary>
    public string[] FindCatchAll(ReadOnlySpan<byte> domain) => Find([(byte)'@', .. domain]);

    /// <summary>What is wrong with the file, by line.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public IReadOnlyList<string> Faults() => _table.Faults();

    /// <summary>All aliases, with the comma-separated targets of each.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> List() => _table.List();

    /// <summary>Null if the targets are valid, else the reason.</summary>
    public static string? Check(IReadOnlyCollection<string> targets) =>
        targets.Count is 0 or > TargetsMax ? $"an alias has 1 to {TargetsMax} targets"
            : targets.Distinct(StringComparer.Ordinal).Count() != targets.Count
                ? "a target is listed twice"
            : targets.Select(target => (Target: target, Reason: VirtualAddress.Check(target)))
                .FirstOrDefault(pair => pair.Reason is not null) is { Reason: { } reason } bad
                ? $"{LogText.Safe(ByteText.ToBytes(bad.Target))}: {reason}"
            : null;

    private static bool IsKey(string key) =>
        VirtualAddress.Check(key[0] == '@' ? "x" + key : key) is null;

    private static bool IsTargets(string rest) => Check(rest.Split(',')) is null;
}
