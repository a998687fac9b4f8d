using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Control;

/// <summary>Files whose compiled form is older than they are: programs read the compiled one, so a
/// change has no effect yet.</summary>
/// <param name="home">The home.</param>
internal sealed class StaleTables(string home)
{
    private static readonly (ControlFile Source, ControlFile Compiled, string Command)[] Tables =
    [
        (ListenerFiles.TcpRulesText, ListenerFiles.TcpRulesDat,
            "tcprules control/tcprules.dat control/tcprules.tmp < control/tcprules.txt"),
        (SmtpFiles.MoreRcptHosts, SmtpFiles.MoreRcptHostsCdb, "qmail-newmrh"),
        (AccountFiles.Assign, AccountFiles.Compiled, "qmail-newu"),
    ];

    /// <summary>A line for each such file.</summary>
    internal IEnumerable<string> Faults() => Tables
        .Where(one => Modified(one.Source) is { } source
            && Modified(one.Compiled) is { } compiled && source > compiled)
        .Select(one => $"{one.Source}: newer than {one.Compiled}, which programs read; "
            + $"compile it: cd {home} && {one.Command}");

    private DateTimeOffset? Modified(ControlFile file) =>
        Fd.TryStatus(Fd.PathBytes(Path.Combine(home, $"{file}")), out _)
            is { IsRegular: true } status ? status.Modified : null;
}
