using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication.Srs;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Recipients;
using Kopis.Users.Tickets;
using Kopis.Users.Virtual;

namespace Kopis.Users.Lookup;

/// <summary>The part of qmail-lookup that runs after it has changed its user: to qmailp, which may
/// read all files, or in single-user mode to the only user.</summary>
/// <param name="context">The program's context.</param>
/// <param name="singleUser">Whether all of Kopis runs as one user.</param>
/// <param name="readers">The socket on which listeners return tickets, and the one to
/// qmail-popspawn; null: there are none.</param>
internal sealed class LookupService(
    ProgramContext context, bool singleUser, (int Listener, int Root)? readers)
{
    private const string NetworkUser = "qmaild";
    private const string DashboardUser = "qmailw";
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    /// <summary>Answers until stopped.</summary>
    /// <param name="listen">Makes the listening socket.</param>
    internal int Serve(Func<Socket> listen)
    {
        Lifeline.Watch(context);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration term = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM, signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            });
        Accounts accounts = new(context.Home, hasHostUsers: !singleUser);
        LoginLimits limits = LoginLimits.Read(ControlDirectory.Of(context));
        uint? asker = singleUser ? Processes.EffectiveUid : UnixUsers.ByName(NetworkUser)?.Uid;
        uint? guest = singleUser ? null : UnixUsers.ByName(DashboardUser)?.Uid;
        BearerIssuer issuer = new(ControlDirectory.Of(context), TimeProvider.System);
        byte[] key = readers is null ? [] : RandomNumberGenerator.GetBytes(ReaderTicket.KeyBytes);
        if (readers is (int listener, int root))
        {
            // Tickets for mail come from qmaild, those for settings from the dashboard's user.
            new TicketServer(
                listener, root, (uid, kind) => kind is null ? uid == asker || uid == guest
                    : uid == (kind == ReaderRequest.ForSettings ? guest : asker),
                key).Start();
        }

        // The guest has a handler of its own, so that its questions use up nothing that the
        // listeners' clients need.
        LoginHandler Desk(int? hashesMax = null, int waitersMax = int.MaxValue) => new(
            new LoginChecker(
                name => accounts.Find(name), TimeProvider.System,
                new LoginLimiter(TimeProvider.System, limits), limits: null, hashesMax,
                waitersMax),
            new ApopSecrets(context.Home, Log), issuer.Current, key,
            name => accounts.IsLocked(name));
        using LookupServer server = new(
            listen(), MakeJudge(Log), new SenderJudge(context.Home, hasHostUsers: !singleUser),
            Desk(),
            uid => uid == 0 || uid == asker || uid == guest, Log,
            new UnknownNames(
                TimeProvider.System, UnknownNames.Read(ControlDirectory.Of(context))))
        {
            MayAskThis = (uid, kind, fields) => uid == guest
                ? IsGuests(kind, fields) : kind != LookupKind.Right,
            Guest = guest is { } dashboard
                ? (dashboard, Desk(hashesMax: 1, LookupServer.GuestWaitersMax),
                    LookupServer.GuestIdleMax)
                : null,
            Watch = new SocketWatch("qmail-lookup"),
        };
        server.RunAsync(stop.Token).GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    /// <summary>Prints a listener's answer about an address.</summary>
    internal int Tell(byte[] recipient)
    {
        AddressMap map = AddressMap.Read(ControlDirectory.Of(context));
        byte[] address = map.Route(recipient, out bool isLocal);
        if (map.IsSrs(address))
        {
            return TellSrs(address);
        }

        if (!isLocal)
        {
            Say("yes: not a local address\n");
            return ExitCode.Success;
        }

        Address parts = new(address);
        (LookupVerdict verdict, RecipientUser? user) = MakeJudge()
            .JudgeAsync(parts.Local.ToArray(), parts.Domain.ToArray()).GetAwaiter().GetResult();
        string whose = user is null ? "nobody's"
            : user.Instructions is { } lines
                ? $"{LogText.Safe(user.Name)}, an alias for {Targets(lines)}"
            : $"{LogText.Safe(user.Name)}, {LogText.Safe(user.Home)}/.qmail"
                + $"{LogText.Safe(user.Dash)}{LogText.Safe(DotQmailNames.SafeExt(user.Ext))}";
        (string word, int code) = verdict switch
        {
            LookupVerdict.Yes => ("yes", ExitCode.Success),
            LookupVerdict.No => ("no", ExitCode.Permanent),
            LookupVerdict.Full => ("full", ExitCode.Temporary),
            _ => ("later", ExitCode.Temporary),
        };
        Say($"{word}: {whose}\n");
        return code;
    }

    private int TellSrs(byte[] address)
    {
        Address parts = new(address);
        SrsVerdict? verdict = new SrsJudge(ControlDirectory.Of(context), TimeProvider.System)
            .Find(parts.Local.ToArray(), parts.Domain.ToArray(), out byte[] sender);
        Say(verdict switch
        {
            SrsVerdict.Good => $"yes: goes to {LogText.Safe(sender)}\n",
            SrsVerdict.Expired => "no: too old\n",
            null => "later: the secrets of SRS cannot be used\n",
            _ => "no: not made here\n",
        });
        return verdict is null ? ExitCode.Temporary
            : verdict == SrsVerdict.Good ? ExitCode.Success : ExitCode.Permanent;
    }

    // For a forward, the .qmail files of the user alias are not looked at.
    private static string Targets(byte[] instructions) => string.Join(", ",
        ByteText.ToText(instructions).Split('\n')
            .Where(line => line is ['&', ..])
            .Select(line => LogText.Safe(ByteText.ToBytes(line[1..]))));

    private RecipientJudge MakeJudge(Action<string>? complain = null)
    {
        ControlDirectory control = ControlDirectory.Of(context);
        Reloading<AddressMap> map = new(
            control.Watched(AddressMap.Files),
            () => AddressMap.Read(control), TimeProvider.System);
        return new RecipientJudge(
            new RecipientLookup(context.Home, asRoot: !singleUser, complain),
            singleUser ? null : new HostUsers(context).FindAsync,
            address => map.Current().Route(address, out bool isLocal) is { } routed && isLocal
                ? routed : null)
        {
            Srs = new SrsJudge(control, TimeProvider.System),
        };
    }

    // The dashboard gives its peers as unique local addresses, never as network addresses.
    private static bool IsGuests(LookupKind kind, byte[][] fields) =>
        kind is LookupKind.Holds or LookupKind.Right
        || (kind == LookupKind.Enter
            && fields is [{ Length: 16 } peer, ..] && (peer[0] & 0xFE) == 0xFC); // fc00::/7

    private static void Say(string text) => Fd.WriteAll(StandardOutput, ByteText.ToBytes(text));

    private static void Log(string line)
    {
        try
        {
            Fd.WriteAll(
                StandardError, ByteText.ToBytes(LogPriority.Mark($"qmail-lookup: {line}\n")));
        }
        catch (PosixException)
        {
            // The log cannot be written.
        }
    }
}
