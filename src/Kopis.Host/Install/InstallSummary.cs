using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Run;
using Kopis.Host.Upgrade;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>An installation in five lines: the name, what was made, what runs, what belongs to
/// another server, and the next step.</summary>
internal sealed class InstallSummary
{
    private const int SmtpPort = 25;
    private const string Systemd = "/run/systemd/system";

    private readonly string _home;
    private readonly IReadOnlyList<(string Unit, bool IsEarlier)> _units;
    private readonly bool _runsByHand;
    private readonly IReadOnlyDictionary<int, string> _others;

    internal InstallSummary(string home)
    {
        _home = home;
        RunningUnits? running = RunningUnits.Of(home);
        _units = running?.Find() ?? [];
        _runsByHand = _units.Count == 0
            && FileLocks.IsHeld(Path.Combine(home, "users/queue.lock"));
        _others = new PortOwners(running).Others(
            [.. MailListener.All.Select(listener => listener.Port)]);
    }

    /// <summary>Units of listeners whose port nobody else has, with those of queue and delivery:
    /// what can be started. Nothing while another server has port 25: its host moves step by step
    /// (docs/MOVING.md).</summary>
    internal IEnumerable<string> Startable() => _others.ContainsKey(SmtpPort) ? []
        : UnitFiles.Served.Where(unit => !MailListener.All.Any(
            listener => listener.Unit == unit && _others.ContainsKey(listener.Port)));

    /// <summary>Those, and what is enabled and started beside them.</summary>
    internal IReadOnlyList<string> StartableWithRest()
    {
        string[] served = [.. Startable()];
        return served.Length == 0 ? [] : [.. served, .. UnitFiles.Beside];
    }

    /// <summary>The lines.</summary>
    /// <param name="made">How many things the installer made or changed.</param>
    internal IEnumerable<string> Lines(int made)
    {
        byte[]? me = new ControlDirectory(Path.Combine(_home, "control")).ReadLine(HostFiles.Me);
        yield return $"name:   {LogText.Safe(me ?? "none"u8.ToArray())} ({_home}/control/me)";
        string things = made == 0 ? "nothing new" : $"{made} users, directories and files";
        yield return $"made:   {things} in {_home}, Kopis {BuildVersion.Text}";
        yield return $"runs:   {Runs()}";
        yield return $"others: {Others()}";
        yield return $"next:   {Next()}";
    }

    private string Runs() => _units.Count == 0
        ? _runsByHand ? "programs that were started by hand, no unit" : "nothing yet"
        : string.Join(", ", _units.Select(unit => Path.GetFileNameWithoutExtension(unit.Unit)
            + (unit.IsEarlier ? " (earlier program)" : "")));

    private string Others() => _others.Count == 0 ? "no other program has a port of mail"
        : string.Join(", ", _others.OrderBy(pair => pair.Key)
            .Select(pair => $"port {pair.Key} belongs to {pair.Value}"));

    private string Next()
    {
        if (_units.Any(unit => unit.IsEarlier))
        {
            return "kopis restart, so that what runs is what is installed";
        }

        if (_others.TryGetValue(SmtpPort, out string? owner))
        {
            return $"try Kopis beside {owner}, then take its port over: docs/MOVING.md";
        }

        if (_runsByHand)
        {
            return "restart them where they were started, if they are to be what is installed";
        }

        if (_units.Count > 0)
        {
            return "kopis doctor";
        }

        return Directory.Exists(Systemd)
            ? $"systemctl enable --now {string.Join(' ', Startable().Select(unit =>
                Path.GetFileNameWithoutExtension(unit)))}"
            : $"{_home}/bin/qmail-start ./Maildir/ & and a tcpserver for each port: tcpserver(8)";
    }
}
