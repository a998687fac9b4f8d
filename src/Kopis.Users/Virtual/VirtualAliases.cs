using Kopis.Base;

namespace Kopis.Users.Virtual;

/// <summary>
/// <c>users/aliases</c>: one alias a line, <c>address:target,target</c>; <c>@domain</c> in place of
/// the address is for all of the domain's addresses that are nobody's (kopis-alias(1)). Read anew
/// when the file has changed; written by <see cref="VirtualAliasesFile"/>.
/// </summary>
/// <param name="homeDirectory">The qmail home.</param>
/// <param name="complain">Logs wrong lines, once; null: nothing.</param>
public sealed class VirtualAliases(string homeDirectory, Action<string>? complain = null)
{
    /// <summary>Longer lists are mailing lists, and belong into a .qmail file.</summary>
    public const int TargetsMax = 100; // RFC 5321 §4.5.3.1.10: what any server takes at once.

    internal static readonly TableFormat Format =
        new("aliases", "address:target,target", (key, rest) => IsKey(key) && IsTargets(rest));

    private readonly TableReader _table =
        new(VirtualUsers.UsersDirectory(homeDirectory), Format, complain);

    /// <summary>Where the aliases of a home are kept.</summary>
    public static string FileName(string homeDirectory) =>
        Format.TextPath(VirtualUsers.UsersDirectory(homeDirectory));

    /// <summary>To whom the mail of exactly this address goes, but for ASCII case; empty if it
    /// is not an alias.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or that line understood.
    /// </exception>
    public string[] Find(ReadOnlySpan<byte> address) =>
        _table.Find(Ascii8.ToLower(address))?.Split(',') ?? [];

    /// <summary>To whom mail for nobody at this domain goes; empty: to nobody.</summary>
    public string[] FindCatchAll(ReadOnlySpan<byte> domain) => Find([(byte)'@', .. domain]);

    /// <summary>What is wrong with the file, by line.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public IReadOnlyList<string> Faults() => _table.Faults();

    /// <summary>All aliases, with the comma-separated targets of each.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> List() => _table.List();

    /// <summary>Null if such targets will do, else the reason.</summary>
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
