using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>How tcpserver reports that it cannot serve: with -q not at all, as in ucspi-tcp.
/// </summary>
public static class TcpServerErrors
{
    /// <summary>The exception to throw for an error.</summary>
    public static ConfigurationException Of(ProgramContext context, ConfigurationException error)
    {
        try
        {
            return TcpServerOptions.Parse(context).Verbosity == 0 ? error.Silenced() : error;
        }
        catch (ConfigurationException)
        {
            return error; // Wrong usage, which was checked before.
        }
    }
}
