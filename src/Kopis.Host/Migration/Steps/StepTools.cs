using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Host.Run;
using Kopis.Posix;

namespace Kopis.Host.Migration.Steps;

/// <summary>Does actions on this host, and takes them back.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="tools">Runs systemctl and dpkg-divert.</param>
internal sealed class StepTools(string home, HostTools tools)
{
    private const string Units = "/etc/systemd/system";
    private const int UnitBytesMax = 64 * 1024;
    private const int Readable = 0x1A4; // 0644

    /// <summary>Whether there is nothing to do: it is so already, or there is no such unit.
    /// </summary>
    internal bool IsDone(StepAction action) => action.Kind switch
    {
        StepKind.Start => Is("is-active", action.Name),
        StepKind.Enable => Is("is-enabled", action.Name),
        StepKind.Stop => !Is("is-active", action.Name),
        StepKind.Disable => !Is("is-enabled", action.Name),
        StepKind.Trial => File.Exists(UnitPath(action.Name)),
        _ => IsOurs(action.Name),
    };

    /// <exception cref="ConfigurationException">It failed.</exception>
    internal void Do(StepAction action)
    {
        switch (action.Kind)
        {
            case StepKind.Start or StepKind.Enable or StepKind.Stop or StepKind.Disable:
                Systemctl(action.Kind, action.Name);
                break;
            case StepKind.Trial:
                PlainFile.Replace(UnitPath(action.Name), TrialUnit(action.Name), Readable);
                tools.Run("systemctl", "daemon-reload");
                break;
            default:
                tools.Run("dpkg-divert", "--local", "--rename", "--divert",
                    action.Name + ".distrib", "--add", action.Name);
                File.CreateSymbolicLink(action.Name, Ours(action.Name));
                break;
        }
    }

    /// <summary>Takes one back; what is not there any more is passed over.</summary>
    /// <exception cref="ConfigurationException">It failed.</exception>
    internal void Undo(StepAction action)
    {
        switch (action.Kind)
        {
            case StepKind.Start:
                Systemctl(StepKind.Stop, action.Name);
                break;
            case StepKind.Enable:
                Systemctl(StepKind.Disable, action.Name);
                break;
            case StepKind.Stop:
                Systemctl(StepKind.Start, action.Name);
                break;
            case StepKind.Disable:
                Systemctl(StepKind.Enable, action.Name);
                break;
            case StepKind.Trial:
                Paths.Unlink(UnitPath(action.Name));
                tools.Run("systemctl", "daemon-reload");
                break;
            default:
                if (IsOurs(action.Name))
                {
                    Paths.Unlink(action.Name);
                }

                tools.Run("dpkg-divert", "--local", "--rename", "--remove", action.Name);
                break;
        }
    }

    private static string UnitPath(string unit) => Path.Combine(Units, unit);

    private string Ours(string program) => Path.Combine(home, "bin", Path.GetFileName(program));

    private bool IsOurs(string path) => new FileInfo(path).LinkTarget == Ours(path);

    private void Systemctl(StepKind kind, string unit) =>
        tools.Run("systemctl", "--quiet", kind.ToString().ToLowerInvariant(), unit);

    private bool Is(string question, string unit)
    {
        try
        {
            tools.Run("systemctl", "--quiet", question, unit);
            return true;
        }
        catch (ConfigurationException)
        {
            return false;
        }
    }

    private static byte[] TrialUnit(string unit)
    {
        MailListener listener = MoveStep.ListenerOf(unit);
        string text = Encoding.UTF8.GetString(
            BoundedFile.TryRead(UnitPath(listener.Unit), UnitBytesMax, out _)
            ?? throw new ConfigurationException(
                $"there is no {UnitPath(listener.Unit)}: ./install --systemd first"));
        string port = listener.Port.ToString(CultureInfo.InvariantCulture);
        int spare = listener.Port + MoveStep.TrialOffset;
        string trial = spare.ToString(CultureInfo.InvariantCulture);
        string changed = text.Replace($" 0 {port} ", $" 0 {trial} ", StringComparison.Ordinal);
        return changed != text ? Encoding.UTF8.GetBytes(changed)
            : throw new ConfigurationException(
                $"{UnitPath(listener.Unit)} does not name port {port} as it was installed");
    }
}
