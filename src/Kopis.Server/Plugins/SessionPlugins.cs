using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Plugins;

/// <summary>Runs a plugin; returns its output, and why it failed.</summary>
internal delegate Task<(PluginOutput Output, string? Failure)> RunPlugin(
    Plugin plugin, ByteEnvironment environment, CancellationToken stop);

/// <summary>The plugins of one session, and what they have set for it: variables, header fields,
/// replies to later commands. The rules are qmail-spp's; qmail-smtpd(8) lists the differences.
/// </summary>
internal sealed class SessionPlugins
{
    private const int FieldsBytesMax = 8 * 1024; // For one message; a block holds four times that.
    private const int VariablesMax = 64;

    private static readonly SmtpAnswer Failed =
        new("451 4.3.0 sorry, a check of this server fails at present");

    private readonly PluginList _list;
    private readonly RunPlugin _run;
    private readonly Action<string> _log;
    private readonly Action<Plugin, string> _logFault;
    private readonly List<(byte[] Line, bool IsOfMessage)> _fields = [];
    private readonly Dictionary<SmtpHook, SmtpAnswer> _later = [];
    private readonly HashSet<string> _set = new(StringComparer.Ordinal);
    private bool _isOn;
    private int _recipientsNamed;
    private int _fieldsBefore; // At the last MAIL.
    private (ByteEnvironment Environment, bool IsOn) _start;

    internal SessionPlugins(
        PluginList list, ByteEnvironment environment, bool isOn, RunPlugin run,
        Action<string> log, Action<Plugin, string> logFault)
    {
        (_list, _run, _log, _logFault, Environment) = (list, run, log, logFault, environment);
        _isOn = isOn && !list.IsEmpty;
        _start = (environment, _isOn);
    }

    /// <summary>The session's variables, including those that plugins have set. They are for
    /// programs; our own decisions do not use them.</summary>
    internal ByteEnvironment Environment { get; }

    /// <summary>The header fields for the message, in lines that end in LF.</summary>
    internal byte[] Fields =>
        [.. _fields.SelectMany(one => (byte[])[.. one.Line, (byte)'\n'])];

    /// <summary>Sets the variables that plugins of this and later stages see.</summary>
    internal void Note(PluginStage stage, in SmtpSubject subject)
    {
        _fieldsBefore = stage == PluginStage.Mail ? _fields.Count : _fieldsBefore;
        if (_isOn)
        {
            SetVariables(stage, subject);
        }
    }

    /// <summary>Whether anything has to be asked at a stage.</summary>
    internal bool HasAny(PluginStage stage) =>
        (_isOn && _list[stage].Count > 0) || _later.ContainsKey(HookOf(stage));

    /// <summary>Runs the plugins of a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="subject">The sender and recipient.</param>
    /// <param name="isOurs">With a recipient: whether anybody may send to it.</param>
    /// <param name="stop">Kills the plugin that runs.</param>
    internal async Task<SmtpRuling> RunAsync(
        PluginStage stage, SmtpSubject subject, bool isOurs, CancellationToken stop)
    {
        if (_later.TryGetValue(HookOf(stage), out SmtpAnswer? late))
        {
            return new SmtpRuling { Refusal = late };
        }

        if (stage == PluginStage.Rcpt)
        {
            Environment.SetText("SMTPRCPTHOSTSOK", isOurs ? "1" : "0");
        }

        SmtpRuling ruling = SmtpRuling.None;
        foreach (Plugin plugin in _isOn ? _list[stage] : [])
        {
            (PluginOutput output, string? failure) = await _run(plugin, Environment, stop);
            if (stop.IsCancellationRequested)
            {
                // The plugin was killed because the session ends. After DATA the message would
                // otherwise be accepted first.
                return stage == PluginStage.Data ? ruling with { Refusal = Failed } : ruling;
            }

            if (failure is not null)
            {
                _logFault(plugin, failure);
                if (plugin.IsRequired)
                {
                    return ruling with { Refusal = Failed };
                }

                continue; // What it wrote before is ignored.
            }

            foreach (string fault in output.Faults)
            {
                _logFault(plugin, $"not understood: {fault}");
            }

            ruling = Follow(ruling, output, stage);
            if (output.End != PluginEnd.None)
            {
                break;
            }
        }

        return ruling;
    }

    /// <summary>Runs the plugins before the greeting.</summary>
    /// <returns>Why the client is turned away; null: it is not.</returns>
    internal async Task<SmtpRuling?> GreetAsync(CancellationToken stop)
    {
        SmtpRuling ruling = HasAny(PluginStage.Connection)
            ? await RunAsync(PluginStage.Connection, default, isOurs: false, stop)
            : SmtpRuling.None;
        if (!_list.IsEmpty)
        {
            _start = (new ByteEnvironment(Environment), _isOn);
        }

        if (ruling.Refusal is { } refusal)
        {
            string name = Smtp.RefusalLog.NameOf(SmtpCheck.ConnectionPlugins);
            _log($"refused by {name}: {refusal.Line}");
        }

        return ruling.Ends || ruling.Refusal is not null ? ruling : null;
    }

    /// <summary>Called if the user that plugins were asked about has not logged in.</summary>
    internal void ForgetLogin() =>
        Environment["SMTPAUTHUSER"] = Environment["SMTPAUTHMETHOD"] = null;

    /// <summary>Called when MAIL was accepted. What plugins have set for an earlier message that
    /// the client gave up, by another MAIL or by HELO, does not apply to this one.</summary>
    internal void BeginMessage()
    {
        List<(byte[] Line, bool IsOfMessage)> before = _fields[.._fieldsBefore];
        _fields.RemoveRange(0, _fieldsBefore);
        _fields.InsertRange(0, before.Where(one => !one.IsOfMessage));
        _fieldsBefore = 0;
    }

    /// <summary>Called when the transaction ends, by RSET or with its message.</summary>
    internal void EndTransaction()
    {
        _fields.Clear();
        _fieldsBefore = 0;
        _later.Clear();
        _recipientsNamed = 0;
    }

    /// <summary>Returns to the state after the greeting, as STARTTLS requires (RFC 3207 §4.2).
    /// </summary>
    internal void Restart()
    {
        if (_list.IsEmpty)
        {
            return;
        }

        EndTransaction();
        foreach (string name in Environment.Names.Concat(_start.Environment.Names).ToArray())
        {
            Environment[name] = _start.Environment[name];
        }

        _isOn = _start.IsOn;
    }

    private SmtpRuling Follow(SmtpRuling ruling, PluginOutput output, PluginStage stage)
    {
        foreach ((string name, byte[]? value) in output.Variables)
        {
            if (_set.Contains(name) || _set.Count < VariablesMax)
            {
                _set.Add(name);
                Environment[name] = value;
            }
        }

        foreach (byte[] one in output.Fields)
        {
            if (_fields.Sum(other => other.Line.Length + 1) + one.Length < FieldsBytesMax)
            {
                _fields.Add((one, stage >= PluginStage.Mail));
            }
        }

        foreach ((SmtpHook hook, SmtpAnswer answer) in output.Later)
        {
            _later.TryAdd(hook, answer);
        }

        _isOn &= output.End != PluginEnd.Accept;
        if (output.Address is { } address
            && (stage == PluginStage.Mail || (stage == PluginStage.Rcpt && address.Length > 0)))
        {
            ruling = ruling with { Address = address };
            SetAddress(stage, address);
        }

        return ruling with
        {
            Refusal = output.Answer,
            Ends = output.End is PluginEnd.Reject or PluginEnd.Drop,
            SkipsChecks = output.End == PluginEnd.Okay,
            Lines = [.. ruling.Lines, .. output.Said],
        };
    }

    private void SetVariables(PluginStage stage, in SmtpSubject subject)
    {
        switch (stage)
        {
            case PluginStage.Helo:
                Environment["SMTPHELOHOST"] = Safe(subject.Helo ?? []);
                break;
            case PluginStage.Auth:
                Environment["SMTPAUTHUSER"] = Safe(subject.User ?? []);
                break;
            case PluginStage.Mail:
                _recipientsNamed = 0;
                SetAddress(stage, subject.Sender);
                break;
            case PluginStage.Rcpt:
                _recipientsNamed++;
                SetNumber("SMTPRCPTCOUNT", subject.Recipients);
                SetNumber("SMTPRCPTCOUNTALL", _recipientsNamed);
                SetAddress(stage, subject.Recipient);
                break;
        }
    }

    private void SetAddress(PluginStage stage, byte[] address) =>
        Environment[stage == PluginStage.Mail ? "SMTPMAILFROM" : "SMTPRCPTTO"] = Safe(address);

    private void SetNumber(string name, int value) =>
        Environment.SetText(name, value.ToString(CultureInfo.InvariantCulture));

    // A script may use the text where a line end, an escape or a NUL has an effect.
    private static byte[] Safe(byte[] text) =>
        [.. text.Select(one => one is < 32 or 127 ? (byte)'?' : one)];

    private static SmtpHook HookOf(PluginStage stage) => stage switch
    {
        PluginStage.Mail => SmtpHook.Mail,
        PluginStage.Rcpt => SmtpHook.Rcpt,
        PluginStage.Data => SmtpHook.Data,
        _ => SmtpHook.None,
    };
}
