using Kopis.Base;
using Kopis.Config;
using Kopis.Host.Web;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>The dashboard of a host that one user runs. It is a separate binary next to ours. This
/// process binds its ports before it starts and keeps them, so that nobody else can take them, and
/// mail does not wait for the dashboard.</summary>
internal sealed class DashboardUnit
{
    private const string Name = "kopis-web";
    private const string Twin = "kopis-web-6"; // The same port of ::1, for localhost.
    private const int FirstFd = 10; // Beside the lifeline.

    private readonly string _program;
    private readonly HostPort _place;
    private readonly IReadOnlyList<int> _ports;
    private readonly string? _password;

    private DashboardUnit(
        string program, HostPort place, IReadOnlyList<int> ports, string? password) =>
        (_program, _place, _ports, _password) = (program, place, ports, password);

    /// <summary>Prepares the dashboard; at the first start, also its password.</summary>
    /// <param name="context">The context, for the home.</param>
    /// <param name="options">The options, which may say where it listens.</param>
    /// <param name="control">The control files, which may say it, too.</param>
    /// <param name="ports">Holds the bound ports afterwards.</param>
    /// <returns>Null if there is no such binary, or its default address is taken.</returns>
    /// <exception cref="ConfigurationException">The address that an option names is taken, or is
    /// not valid.</exception>
    internal static DashboardUnit? Find(
        ProgramContext context, RunOptions options, ControlDirectory control, HeldPorts ports)
    {
        string program = Path.Combine(
            Path.GetDirectoryName(
                File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName)!,
            Name);
        if (!File.Exists(program))
        {
            return null;
        }

        HostPort place = options.WebPlace(control);
        if (!TryBind(ports, Name, place, isWanted: options.IsWebGiven))
        {
            return null;
        }

        List<int> bound = [(int)ports[Name].Handle];
        if (place.Host == "127.0.0.1" && TryBind(ports, Twin, place with { Host = "::1" }))
        {
            bound.Add((int)ports[Twin].Handle);
        }

        return new DashboardUnit(program, place, bound, WebProgram.MakeFirst(context));
    }

    private static bool TryBind(
        HeldPorts ports, string name, HostPort place, bool isWanted = false)
    {
        try
        {
            ports.Bind(name, RunOptions.WebOption, place);
            return true;
        }
        catch (ConfigurationException) when (!isWanted)
        {
            return false;
        }
    }

    /// <summary>How it is started. It may run kopis doctor, and write only the mail settings of
    /// users who sign in to it; those users are all its own user here.</summary>
    internal ProcessStart Start(HostPlan plan, ProgramContext context)
    {
        ProcessStart child = plan.Child(Name, null, [.. _ports.SelectMany((_, i) =>
            (byte[][])["--socket"u8.ToArray(), ByteText.ToBytes($"{FirstFd + i}")])]);
        Dictionary<int, int> descriptors = new(child.Descriptors);
        for (int i = 0; i < _ports.Count; i++)
        {
            descriptors[FirstFd + i] = _ports[i];
        }

        return child with
        {
            Path = _program,
            IsSibling = true,
            Descriptors = descriptors,
            Confinement = new Confinement([context.In("users")], MayRunPrograms: true),
        };
    }

    /// <summary>The line about it in the first output of a run.</summary>
    internal string Describe() => _password is null
        ? $"  web      http://{_place}/   (password as before; a new one: kopis web password)\n"
        : $"  web      http://{_place}/   password {_password}   (shown only now)\n";
}
