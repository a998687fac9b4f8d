using System.Net;
using Kopis.Base;
using Kopis.Host.Web;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>The dashboard of a host that one user runs: a binary of its own beside ours.</summary>
internal sealed class DashboardUnit
{
    private const string Name = "kopis-web";

    private readonly string _program;
    private readonly string? _password;

    private DashboardUnit(string program, HostPort place, string? password) =>
        (_program, Place, _password) = (program, place, password);

    /// <summary>Where it listens.</summary>
    internal HostPort Place { get; }

    /// <summary>Prepares it; at the first start with a password.</summary>
    /// <param name="context">With the home.</param>
    /// <param name="options">Where it is to listen.</param>
    /// <returns>Null: there is no such binary, or its usual place is taken.</returns>
    /// <exception cref="ConfigurationException">The place that was named is taken.</exception>
    internal static DashboardUnit? Find(ProgramContext context, RunOptions options)
    {
        string program = Path.Combine(
            Path.GetDirectoryName(
                File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName)!,
            Name);
        return File.Exists(program) && IsFree(context, options)
            ? new DashboardUnit(program, options.Web, WebProgram.MakeFirst(context))
            : null;
    }

    private static bool IsFree(ProgramContext context, RunOptions options)
    {
        try
        {
            TcpServer.Bind(
                new IPEndPoint(
                    ListenAddress.Host(context, options.Web.Host), options.Web.Port),
                backlog: 1).Dispose();
            return true;
        }
        catch (ConfigurationException) when (!options.IsWebGiven)
        {
            return false;
        }
    }

    /// <summary>How it is started: it writes nothing, and runs kopis doctor.</summary>
    internal ProcessStart Start(HostPlan plan) =>
        plan.Child(Name, null, "--listen"u8.ToArray(), ByteText.ToBytes($"{Place}")) with
        {
            Path = _program,
            IsSibling = true,
            Confinement = new Confinement([], MayRunPrograms: true),
        };

    /// <summary>For the first lines of a run.</summary>
    internal string Describe() => _password is null
        ? $"  web      http://{Place}/   (password as before; a new one: kopis web password)\n"
        : $"  web      http://{Place}/   password {_password}   (shown only now)\n";
}
