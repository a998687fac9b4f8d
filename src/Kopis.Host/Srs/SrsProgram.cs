using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Host.Accounts;
using Kopis.Posix;

namespace Kopis.Host.Srs;

/// <summary><c>kopis srs</c>: the secrets that sign rewritten senders (kopis-srs(1)).</summary>
public static class SrsProgram
{
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600
    private const string Temporary = "secrets.new";

    private const string Usage = """
        usage: kopis srs new [--only]
               kopis srs show

        new     makes a secret, which signs from now on; up to seven older ones go on to check.
                --only: the older ones end at once, and with them all addresses made by them
        show    prints the domain, and how many secrets there are

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) =>
        AccountCommand.Run(context, Usage, words => words switch
        {
            ["new"] => New(context, keepsOld: true),
            ["new", "--only"] => New(context, keepsOld: false),
            ["show"] => Show(context),
            _ => null,
        }, SrsSettings.Folder);

    private static string New(ProgramContext context, bool keepsOld)
    {
        MakeDirectory(context);
        using Beneath tree = Open(context);
        int folder = tree.Open(".", OpenFlags.ReadOnly);
        try
        {
            // Two at once would each keep the secrets that it has read, and one lose the other's.
            int count = Fd.TryLockExclusive(folder) ? Add(context, tree, keepsOld)
                : throw AccountCommand.Refused("another kopis srs new is running");
            return $"made a secret; {count} check addresses\n" + Domain(context);
        }
        finally
        {
            Fd.Close(folder);
        }
    }

    /// <summary>Adds a secret; the result is how many there are then.</summary>
    private static int Add(ProgramContext context, Beneath tree, bool keepsOld)
    {
        IReadOnlyList<byte[]> old =
            !keepsOld || tree.TryStatus(SrsSettings.SecretsName) is null ? []
            : SrsSettings.TryReadSecrets(context.Home, out string fault)
                ?? throw AccountCommand.Refused($"{fault}; --only makes a new file");
        tree.Replace(
            SrsSettings.SecretsName, Temporary, SrsSecrets.WithNew(old), OwnerFile);
        return Math.Min(old.Count + 1, SrsSecrets.CountMax);
    }

    private static string Show(ProgramContext context)
    {
        string text = Domain(context);
        return SrsSettings.TryReadSecrets(context.Home, out string fault) is { } secrets
            ? $"{text}secrets: {secrets.Count}\n"
            : throw AccountCommand.Refused(fault);
    }

    private static string Domain(ProgramContext context) =>
        SrsSettings.ReadDomain(ControlDirectory.Of(context)) is { } domain
            ? $"domain: {LogText.Safe(domain)}\n"
            : "domain: none, so senders are not rewritten: control/srsdomain names it\n";

    private static Beneath Open(ProgramContext context) =>
        Beneath.TryOpenOwn(context.In(SrsSettings.Folder)) ?? throw AccountCommand.Refused(
            $"{context.In(SrsSettings.Folder)}: "
            + "not a directory of this user's that nobody else can write to");

    /// <summary>A home of one user may come from before there were secrets. On an installed host
    /// the directory is another's, and <c>kopis check-install</c> makes it.</summary>
    private static void MakeDirectory(ProgramContext context)
    {
        string path = context.In(SrsSettings.Folder);
        if (Processes.EffectiveUid == 0
            && Fd.TryStatus(Fd.PathBytes(context.In("queue")), out _) is { Uid: not 0 }
            && Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false) is null)
        {
            throw AccountCommand.Refused(
                $"there is no {path}: kopis check-install --mend makes it");
        }

        Paths.TryMakeDirectory(path, OwnerDirectory);
    }
}
