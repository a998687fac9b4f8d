using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Server.Plugins;

/// <summary>control/smtpplugins, in the format of qmail-spp: sections <c>[connection]</c>,
/// <c>[helo]</c>, <c>[auth]</c>, <c>[mail]</c>, <c>[rcpt]</c>, <c>[data]</c>, with one plugin on
/// each line.</summary>
internal sealed class PluginList
{
    /// <summary>The files.</summary>
    internal static readonly ControlFile[] Files =
        [SmtpFiles.SmtpPlugins, SmtpFiles.TimeoutPlugin];

    private readonly List<Plugin>[] _byStage =
        [.. Enum.GetValues<PluginStage>().Select(_ => new List<Plugin>())];

    private PluginList(TimeSpan timeout) => Timeout = timeout;

    /// <summary>How long a plugin may run.</summary>
    internal TimeSpan Timeout { get; }

    /// <summary>The plugins of a stage, in order.</summary>
    internal IReadOnlyList<Plugin> this[PluginStage stage] => _byStage[(int)stage];

    /// <summary>Whether there are no plugins.</summary>
    internal bool IsEmpty => Array.TrueForAll(_byStage, list => list.Count == 0);

    /// <summary>Reads the file; without it there are no plugins.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or a line cannot be
    /// parsed: a check that is not made must not look as if it were.</exception>
    internal static PluginList Load(ControlDirectory control)
    {
        PluginList list = new(control.ReadSeconds(SmtpFiles.TimeoutPlugin));
        PluginStage? stage = null;
        IReadOnlyList<string>? faults = control.ReadLines(
            SmtpFiles.SmtpPlugins,
            line =>
            {
                if (line[0] == (byte)'[')
                {
                    stage = StageOf(line);
                    return stage is not null;
                }

                if (stage is not { } known || Plugin.TryParse(line) is not { } plugin)
                {
                    return false;
                }

                list._byStage[(int)known].Add(plugin);
                return true;
            },
            "[connection], [helo], [auth], [mail], [rcpt], [data], or a plugin in one of these");
        return faults is { Count: > 0 } ? throw control.Bad(SmtpFiles.SmtpPlugins, faults) : list;
    }

    private static PluginStage? StageOf(ReadOnlySpan<byte> line)
    {
        foreach (PluginStage stage in Enum.GetValues<PluginStage>())
        {
            if (Ascii8.EqualsIgnoreCase(line, ByteText.ToBytes($"[{stage}]")))
            {
                return stage;
            }
        }

        return null;
    }
}
