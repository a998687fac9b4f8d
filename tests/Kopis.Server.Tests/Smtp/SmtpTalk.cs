using System.IO.Pipelines;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Server.Checks;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Filters;
using Kopis.Server.Greylist;
using Kopis.Server.Plugins;
using Kopis.Server.Smtp;
using Kopis.Testing;
using Kopis.Users.Logins;

namespace Kopis.Server.Tests.Smtp;

/// <summary>
/// Transcripts of qmail-smtpd. <c>control FILE: LINE</c> writes a control file, <c>env
/// NAME=VALUE</c> sets a variable.
/// </summary>
internal sealed class SmtpTalk : Talk
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-talk");
    private static readonly string[] Checks =
        ["checkspf", "checkdkim", "checkdmarc", "checkiprev"];

    private readonly ByteEnvironment _environment = new();

    internal SmtpTalk(int cutBytes)
        : base(cutBytes)
    {
        Control("me", "toyokawa.gcd.org");
        Control("rcpthosts", "gcd.org");
        foreach (string check in Checks)
        {
            Control(check, "off"); // What is checked is CheckTests' alone.
        }

        _environment["TCPREMOTEIP"] = "192.168.1.4"u8.ToArray();
        _environment["TCPREMOTEHOST"] = "ozenji.gcd.org"u8.ToArray();
        _environment["TCPLOCALHOST"] = "toyokawa.gcd.org"u8.ToArray();
    }

    internal CapturedQueue Queue { get; } = new();

    /// <summary>Who is asked about recipients; nobody unless set.</summary>
    internal AskedRecipients? Recipients { get; set; }

    internal SaslService? Logins { get; set; }

    internal string ControlPath => Path.Combine(_home.FullName, "control");

    internal GreylistService? Greylist { get; set; }

    /// <summary>What plugins have logged.</summary>
    internal List<string> Log { get; } = [];

    /// <summary>What checks of messages ask.</summary>
    internal ZoneDns CheckDns { get; } = new();

    internal ListedDns Dns { get; } = new();

    /// <summary>Plays a whole transcript and returns the exit code.</summary>
    internal static async Task<(int Exit, CapturedQueue Queue)> Play(int cutBytes, string text)
    {
        using SmtpTalk talk = new(cutBytes);
        await talk.Play(text);
        return (await talk.End(), talk.Queue);
    }

    /// <summary>Returns when the session waits for a time that is near.</summary>
    internal async Task Waits()
    {
        for (int i = 0; Time.NextDue is not { TotalSeconds: <= 60 }; i++)
        {
            Assert.True(i < 3000, "the session does not wait");
            await Task.Delay(10);
        }
    }

    internal void Control(string file, string line) =>
        Control(file, Encoding.Latin1.GetBytes(line + "\n"));

    internal void Control(string file, byte[] content)
    {
        Directory.CreateDirectory(Path.Combine(_home.FullName, "control"));
        File.WriteAllBytes(Path.Combine(_home.FullName, "control", file), content);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Greylist?.Dispose();
        _home.Delete(recursive: true);
    }

    /// <inheritdoc/>
    protected override async Task<int> Serve(PipeReader input, PipeWriter output)
    {
        ControlDirectory control = new(Path.Combine(_home.FullName, "control"));
        ClientGate gate = new(control, () => Dns, Time, _ => { });
        using JournalSocket journal = new(_home.FullName, Time); // Nobody listens there.
        SmtpHandler handler =
            new(control, _ => Queue, Recipients, senders: null, gate, Logins,
                new MailChecks(control, () => CheckDns, Time), new MailFilters(control, Time),
                new PluginService(control, _home.FullName, Log.Add, TimeProvider.System),
                Greylist ??= new GreylistService(control, _home.FullName, Log.Add, Time), journal,
                Time);
        Connection connection = Connection.OverPipes(input, output, _environment, Time);
        await using (connection)
        {
            return await handler.RunAsync(connection, Stop.Token);
        }
    }

    /// <inheritdoc/>
    protected override bool Obey(string line)
    {
        if (line.StartsWith("env ", StringComparison.Ordinal))
        {
            string[] pair = line[4..].Split('=', 2);
            _environment.SetText(pair[0], pair[1]);
            return true;
        }

        if (line.StartsWith("control ", StringComparison.Ordinal))
        {
            string[] pair = line[8..].Split(": ", 2);
            Control(pair[0], pair[1].Replace("\\n", "\n", StringComparison.Ordinal));
            return true;
        }

        return false;
    }
}
