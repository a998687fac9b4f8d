using System.IO.Pipelines;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Server.ClientPolicy;
using Kopis.Testing;

namespace Kopis.Server.Tests.ClientPolicy;

/// <summary>A gate with control files, a clock and a DNS of the test's own.</summary>
internal sealed class GateCase : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-gate");
    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();
    private readonly ClientGate _gate;

    internal GateCase(params string[] files)
    {
        foreach (string file in files)
        {
            string[] pair = file.Split(": ", 2);
            Write(pair[0], pair[1]);
        }

        _gate = new ClientGate(
            new ControlDirectory(_home.FullName, Warnings.Add), () => Dns, Time, line =>
            {
                lock (Log)
                {
                    Log.Add(line);
                }
            });
    }

    internal ManualTime Time { get; } = new();

    internal ScriptedDns Dns { get; } = new();

    internal List<string> Log { get; } = [];

    internal List<string> Warnings { get; } = [];

    internal CancellationTokenSource Stop { get; } = new();

    internal PipeWriter Client => _toServer.Writer;

    internal void Write(string file, string lines) => File.WriteAllText(
        Path.Combine(_home.FullName, file),
        lines.Replace(' ', '\n') + "\n");

    /// <summary>Puts a client on a list, by its IPv4 address.</summary>
    internal void List(string client, string zone, string codes) =>
        Dns.Table[string.Join('.', client.Split('.').Reverse()) + "." + zone] = codes;

    internal void Check() => _gate.Check();

    internal Task<ClientState> AdmitAsync(string? client, params string[] variables)
    {
        ByteEnvironment environment = new();
        foreach (string variable in variables)
        {
            string[] pair = variable.Split('=', 2);
            environment.SetText(pair[0], pair[1]);
        }

        if (client is not null)
        {
            environment.SetText("TCPREMOTEIP", client);
        }

        Connection connection =
            Connection.OverPipes(_toServer.Reader, _toClient.Writer, environment, Time);
        return _gate.AdmitAsync(connection, environment, isGreeted: true, Stop.Token);
    }

    /// <summary>What a client's recipients are told, or it is itself.</summary>
    internal async Task<string> VerdictAsync(string client, params string[] variables)
    {
        using ClientState standing = await AdmitAsync(client, variables);
        return Text(standing.TurnedAway ?? standing.Refusal) + standing.Mark.TrimEnd('\n');
    }

    internal static string Text(SmtpAnswer? refusal) => refusal?.Line ?? "";

    public void Dispose()
    {
        Stop.Dispose();
        _home.Delete(recursive: true);
    }
}
