using System.Buffers;
using Kopis.Base;
using Kopis.Control;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>qmail-smtpd's sessions, by hand or in a listener.</summary>
internal sealed class SmtpHandler : ISessionHandler
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(10);
    private readonly Reloading<SmtpSettings> _settings;
    private readonly Func<ByteEnvironment, ISubmissionClient> _queue;
    private readonly TimeProvider _time;

    /// <summary>Makes the handler.</summary>
    /// <param name="control">Where the control files are.</param>
    /// <param name="queue">The queue for a connection; QMAILQUEUE may come from its rules.</param>
    /// <param name="time">The clock.</param>
    internal SmtpHandler(
        ControlDirectory control, Func<ByteEnvironment, ISubmissionClient> queue, TimeProvider time)
    {
        _settings = SmtpSettings.In(control);
        _queue = queue;
        _time = time;
    }

    public bool WaitsForSocketsOnly => true;

    /// <summary>Reads the control files, so that a listener does not start with bad ones.</summary>
    /// <exception cref="ConfigurationException">One cannot be understood.</exception>
    internal void Check() => _ = _settings.Current();

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        try
        {
            SmtpSettings settings = _settings.Current();
            SmtpPolicy policy = new(settings, connection.Environment);
            SmtpConversation conversation =
                new(connection, policy, settings.Timeout, _queue(connection.Environment), _time);
            return await conversation.RunAsync(stop);
        }
        catch (Exception e) when (e is ConfigurationException or InvalidDataException)
        {
            // The latter from morercpthosts.cdb, where a look-up may be the first to see a fault.
            Log($"qmail-smtpd: fatal: {e.Message}\n");
            connection.Output.Write(SmtpReply.NoControls);
            connection.SetDeadline(LastWords);
            await connection.FlushAsync();
            return SmtpConversation.ExitEarly;
        }
    }

    private static void Log(string line)
    {
        try
        {
            Fd.WriteAll(2, ByteText.ToBytes(line));
        }
        catch (PosixException)
        {
            // Nobody reads the log; the client is told all the same.
        }
    }
}
