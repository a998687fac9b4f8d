using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>Which programs make a host, with which arguments and as whom (DESIGN of rights:
/// docs/ARCHITECTURE.md).</summary>
/// <param name="context">The supervisor's own; children get its environment and home.</param>
/// <param name="defaultDelivery">For users without instructions of their own.</param>
/// <param name="singleUser">All processes run as we do.</param>
internal sealed class HostPlan(ProgramContext context, byte[] defaultDelivery, bool singleUser)
{
    internal const string Send = "qmail-send";

    /// <summary>What children get of the environment that we were given: what the programs of a
    /// host read (qmail-start(8)), and nothing else that was in some shell.</summary>
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

    /// <summary>qmail-lookup as user qmailp, who may besides read every file.</summary>
    /// <param name="listener">Its socket, which it may not make itself.</param>
    /// <param name="readers">That for who has logged in to read.</param>
    /// <param name="root">To qmail-popspawn.</param>
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

    /// <summary>The one program besides qmail-lspawn that stays root, and starts what is not.
    /// </summary>
    /// <param name="judge">To qmail-lookup.</param>
    internal ProcessStart Readers(int judge) => Child("qmail-popspawn", null) with
    {
        Descriptors = ProcessStart.InOrder(0, 1, 2, judge),
        Confinement = Confinement.NoNewRights with { HasNetwork = false },
    };

    /// <summary>qmail-send and what it orders from.</summary>
    internal Unit Delivery(int log, int layer) => new(
        Child(Send, "qmails", "--batch"u8.ToArray(), "--wide"u8.ToArray()) with
        {
            // Its descriptor 2 is a pipe of the protocol: it has no standard error.
            Descriptors = ProcessStart.InOrder(log),
            Confinement = Writing("queue/state", "queue/bounce", "queue/command", "queue/lock") with
            { SocketsIn = context.In("queue/command") },
        },
        layer,
        Child("qmail-lspawn", null, singleUser
            ? ["--single-user"u8.ToArray(), defaultDelivery] : [defaultDelivery]),
        Child("qmail-rspawn", "qmailr", "--wide"u8.ToArray()) with
        {
            // A qmail-remote of another make is started, and may write what it likes.
            Confinement = context.Environment["QMAILREMOTE"] is { Length: > 0 }
                ? Confinement.NoNewRights
                : Writing("queue/lock", "mta-sts", "tlsrpt") with { HasNetwork = true },
        },
        Child("qmail-clean", "qmailq") with { Confinement = Writing("queue/mess") });

    /// <summary>Any program that takes qmail-send's log as its standard input.</summary>
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

    /// <summary>One of our programs with our descriptors; null for a user: as we are.</summary>
    internal ProcessStart Child(string name, string? user, params byte[][] arguments) =>
        ProcessStart.Own(context, name, arguments) with
        {
            OwnGroup = true,
            Descriptors = ProcessStart.InOrder(0, 1, 2),
            Identity = user is null || singleUser ? null : Identity(user),
        };

    /// <summary>No right but its user's, no change but in these parts of the home, no program, no
    /// network.
    /// qmail-lspawn has none of it: what users start may be setuid, as procmail is.</summary>
    private Confinement Writing(params string[] parts) =>
        new([.. parts.Select(context.In)], MayRunPrograms: false) { HasNetwork = false };

    private static ProcessIdentity Identity(string name)
    {
        UnixUser user = UnixUsers.Required(name);
        return new ProcessIdentity(user.Uid, user.Gid, UnixUsers.GroupsOf(name, user.Gid));
    }
}
