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
    }

    internal ChildSpec Writer() => Child("qmail-queue", "qmailq", "--serve"u8.ToArray());

    internal ChildSpec Lspawn() => _singleUser
        ? Child("qmail-lspawn", null, "--single-user"u8.ToArray(), _defaultDelivery)
        : Child("qmail-lspawn", null, _defaultDelivery);

    internal ChildSpec Lookup() => _singleUser
        ? Child("qmail-lookup", null, "--single-user"u8.ToArray(), "--serve"u8.ToArray())
        : Child("qmail-lookup", null, "--serve"u8.ToArray());

    internal ChildSpec Rspawn() => Child("qmail-rspawn", "qmailr");

    internal ChildSpec Clean() => Child("qmail-clean", "qmailq");

    internal ChildSpec Send() => Child("qmail-send", "qmails", "--batch"u8.ToArray());

    /// <summary>A listener; it changes to qmaild by itself, after it has bound its port.</summary>
    internal ChildSpec Listener(params byte[][] arguments) =>
        Child("tcpserver", null, arguments);

    /// <summary>What children find in their environment.</summary>
    internal ByteEnvironment Environment => _environment;

    /// <summary>Who a program of that user runs as; null as we do.</summary>
    internal ProcessIdentity? IdentityOf(string user) => _singleUser ? null : Identity(user);

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
