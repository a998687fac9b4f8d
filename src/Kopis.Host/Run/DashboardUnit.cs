using Kopis.Base;
using Kopis.Config;
using Kopis.Host.Web;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>The dashboard of a host that one user runs: a binary of its own beside ours. Its ports
/// are bound before it starts and stay ours, so that nobody else gets them meanwhile, and mail does
/// not wait for it.</summary>
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

    /// <summary>Prepares it; at the first start with a password.</summary>
    /// <param name="context">With the home.</param>
    /// <param name="options">Where it is to listen.</param>
    /// <param name="control">May say where, too.</param>
    /// <param name="ports">Has its ports after that.</param>
    /// <returns>Null: there is no such binary, or its usual place is taken.</returns>
    /// <exception cref="ConfigurationException">The place that was named is taken, or is none.
    /// </exception>
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

    /// <summary>How it is started: it runs kopis doctor, and writes nothing but what mail users,
    /// who are its own here, say of their mail.</summary>
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

    /// <summary>For the first lines of a run.</summary>
    internal string Describe() => _password is null
        ? $"  web      http://{_place}/   (password as before; a new one: kopis web password)\n"
        : $"  web      http://{_place}/   password {_password}   (shown only now)\n";
}
