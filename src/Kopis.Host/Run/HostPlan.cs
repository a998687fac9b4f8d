using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>The programs that make up a host, with their arguments and users
/// (docs/ARCHITECTURE.md).</summary>
/// <param name="context">The supervisor's context; children get its environment and home.</param>
/// <param name="defaultDelivery">The delivery for users without a .qmail file.</param>
/// <param name="singleUser">Whether all processes run as our own user.</param>
internal sealed class HostPlan(ProgramContext context, byte[] defaultDelivery, bool singleUser)
{
    internal const string Send = "qmail-send";

    /// <summary>The variables of our environment that children get: those that the programs of a
    /// host read (qmail-start(8)), and no others that a shell happened to have.</summary>
    internal static readonly string[] Variables =
        "PATH TZ LANG LC_ KOPIS_ JOURNAL_ QMAILQUEUE QMAILREMOTE DNSCACHEIP".Split(' ');

    internal ProcessStart Writer() => Child("qmail-queue", "qmailq", "--serve"u8.ToArray()) with
    {
        Confinement = Writing("queue/mess", "queue/lock") with { SocketsIn = context.In("queue") },
    };

    internal ProcessStart Journal() => Child("qmail-journal", "qmaill") with
    {
        Confinement = Writing("journal") with { SocketsIn = context.In("journal") },
    };

    internal ProcessStart LookupAlone() =>
        Child("qmail-lookup", null, "--single-user"u8.ToArray(), "--serve"u8.ToArray());

    /// <summary>qmail-lookup as user qmailp, with the right to read every file.</summary>
    /// <param name="listener">The socket for its clients, which it may not make itself.</param>
    /// <param name="readers">The socket for users who have logged in to read mail.</param>
    /// <param name="root">The socket to qmail-popspawn.</param>
    internal ProcessStart Lookup(Socket listener, Socket readers, int root)
    {
        ProcessStart spec =
            Child("qmail-lookup", "qmailp", "--reader"u8.ToArray(), "--serve"u8.ToArray());
        return spec with
        {
            Descriptors = ProcessStart.InOrder(
                (int)listener.Handle, 1, 2, (int)readers.Handle, root),
            Identity = spec.Identity! with { MayReadAll = true },
            Confinement = Confinement.NoNewRights,
        };
    }

    /// <summary>qmail-popspawn: besides qmail-lspawn the only program that stays root. What it
    /// starts is not root.</summary>
    /// <param name="judge">The socket to qmail-lookup.</param>
    internal ProcessStart Readers(int judge) => Child("qmail-popspawn", null) with
    {
        Descriptors = ProcessStart.InOrder(0, 1, 2, judge),
        Confinement = Confinement.NoNewRights with { HasNetwork = false },
    };

    /// <summary>qmail-send and the programs that it gives orders to.</summary>
    internal Unit Delivery(int log, int layer) => new(
        Child(Send, "qmails", "--batch"u8.ToArray(), "--wide"u8.ToArray()) with
        {
            // Its descriptor 2 is a pipe to a spawner, so it has no standard error.
            Descriptors = ProcessStart.InOrder(log),
            Confinement = Writing("queue/state", "queue/bounce", "queue/command", "queue/lock") with
            { SocketsIn = context.In("queue/command") },
        },
        layer,
        Child("qmail-lspawn", null, singleUser
            ? ["--single-user"u8.ToArray(), defaultDelivery] : [defaultDelivery]),
        Child("qmail-rspawn", "qmailr", "--wide"u8.ToArray()) with
        {
            // A foreign qmail-remote is started, so its files cannot be restricted.
            Confinement = context.Environment["QMAILREMOTE"] is { Length: > 0 }
                ? Confinement.NoNewRights
                : Writing("queue/lock", "mta-sts", "tlsrpt") with { HasNetwork = true },
        },
        Child("qmail-clean", "qmailq") with { Confinement = Writing("queue/mess") });

    /// <summary>A program that reads qmail-send's log from its standard input.</summary>
    internal ProcessStart Logger(int input, byte[][] words)
    {
        string name = ByteText.ToText(words[0]);
        return Child(name, "qmaill", words[1..]) with
        {
            Path = ProgramPath.Find(context.Environment, words[0])
                ?? throw new ConfigurationException($"there is no program {name}"),
            Descriptors = ProcessStart.InOrder(input, 1, 2),
        };
    }

    /// <summary>One of our programs with our descriptors. If the user is null, it runs as our own
    /// user.</summary>
    internal ProcessStart Child(string name, string? user, params byte[][] arguments) =>
        ProcessStart.Own(context, name, arguments) with
        {
            OwnGroup = true,
            Descriptors = ProcessStart.InOrder(0, 1, 2),
            Identity = user is null || singleUser ? null : Identity(user),
        };

    /// <summary>The restrictions of a program that has only its user's rights, writes only in these
    /// parts of the home, and uses no other program and no network. qmail-lspawn has none of them:
    /// programs that users start may be setuid, as procmail is.</summary>
    private Confinement Writing(params string[] parts) =>
        new([.. parts.Select(context.In)], MayRunPrograms: false) { HasNetwork = false };

    private static ProcessIdentity Identity(string name)
    {
        UnixUser user = UnixUsers.Required(name);
        return new ProcessIdentity(user.Uid, user.Gid, UnixUsers.GroupsOf(name, user.Gid));
    }
}
