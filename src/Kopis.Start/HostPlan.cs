using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Start;

/// <summary>Which programs make a host, with which arguments and as whom (DESIGN of rights:
/// docs/ARCHITECTURE.md).</summary>
internal sealed class HostPlan
{
    private static readonly Dictionary<int, int> Nothing = new() { [0] = 0, [1] = 1, [2] = 2 };

    private readonly ByteEnvironment _environment;
    private readonly byte[] _defaultDelivery;
    private readonly bool _singleUser;
    private readonly string _queue;

    /// <summary>Plans a host.</summary>
    /// <param name="context">The supervisor's own; children get its environment and home.</param>
    /// <param name="defaultDelivery">For users without instructions of their own.</param>
    /// <param name="singleUser">All processes run as we do.</param>
    internal HostPlan(ProgramContext context, byte[] defaultDelivery, bool singleUser)
    {
        _environment = new ByteEnvironment(context.Environment);
        _environment["KOPIS_HOME"] = System.Text.Encoding.UTF8.GetBytes(context.Home);
        _defaultDelivery = defaultDelivery;
        _singleUser = singleUser;
        _queue = context.In("queue");
    }

    internal ChildSpec Writer() => Child("qmail-queue", "qmailq", "--serve"u8.ToArray()) with
    {
        Confinement =
            Writing("mess", "lock") with { SocketsIn = _queue, HasNetwork = false },
    };

    internal ChildSpec Lspawn() => _singleUser
        ? Child("qmail-lspawn", null, "--single-user"u8.ToArray(), _defaultDelivery)
        : Child("qmail-lspawn", null, _defaultDelivery);

    internal ChildSpec Lookup() => _singleUser
        ? Child("qmail-lookup", null, "--single-user"u8.ToArray(), "--serve"u8.ToArray())
        : Child("qmail-lookup", null, "--serve"u8.ToArray()) with
        {
            Confinement = Confinement.NoNewRights, // Not from setuid files; root's it gives up.
        };

    internal ChildSpec Rspawn() => Child("qmail-rspawn", "qmailr") with
    {
        // A qmail-remote of another make is started, and may write what it likes.
        Confinement = _environment["QMAILREMOTE"] is { Length: > 0 }
            ? Confinement.NoNewRights
            : Writing("lock"),
    };

    internal ChildSpec Clean() => Child("qmail-clean", "qmailq") with
    {
        Confinement = Writing("mess") with { HasNetwork = false },
    };

    internal ChildSpec Send() => Child("qmail-send", "qmails", "--batch"u8.ToArray()) with
    {
        Confinement = Writing("state", "bounce", "lock") with { HasNetwork = false },
    };

    /// <summary>A listener; it changes to qmaild by itself, after it has bound its port.</summary>
    internal ChildSpec Listener(params byte[][] arguments) =>
        Child("tcpserver", null, arguments) with
        {
            // Its rules may name programs (QMAILQUEUE), so no more than this; and as root it has
            // users to become.
            Confinement = _singleUser ? Confinement.NoNewRights : null,
        };

    /// <summary>A listener with more in its environment.</summary>
    internal ChildSpec Listener(IReadOnlyList<string> variables, params byte[][] arguments)
    {
        ByteEnvironment environment = new(_environment);
        foreach (string variable in variables)
        {
            environment.SetText(variable, "");
        }

        return Listener(arguments) with { Environment = environment };
    }

    /// <summary>What children find in their environment.</summary>
    internal ByteEnvironment Environment => _environment;

    /// <summary>Who a program of that user runs as; null as we do.</summary>
    internal ProcessIdentity? IdentityOf(string user) => _singleUser ? null : Identity(user);

    /// <summary>No right but its user's, no change but in these parts of the queue, no program.
    /// qmail-lspawn has none of it: what users start may be setuid, as procmail is.</summary>
    private Confinement Writing(params string[] parts) =>
        new([.. parts.Select(part => Path.Combine(_queue, part))], MayRunPrograms: false);

    private ChildSpec Child(string name, string? user, params byte[][] arguments) => new(
        name, arguments, _environment, Nothing,
        user is null || _singleUser ? null : Identity(user));

    private static ProcessIdentity Identity(string name)
    {
        UnixUser user = UnixUsers.ByName(name)
            ?? throw new ConfigurationException($"unable to find user {name}");
        return new ProcessIdentity(user.Uid, user.Gid, UnixUsers.GroupsOf(name, user.Gid));
    }
}
