using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>What tcpserver says where it cannot serve: nothing with -q, as ucspi-tcp's.</summary>
public static class TcpServerErrors
{
    /// <summary>The error as it is reported.</summary>
    public static ConfigurationException Of(ProgramContext context, ConfigurationException error)
    {
        try
        {
            return TcpServerOptions.Parse(context).Verbosity == 0 ? error.Silenced() : error;
        }
        catch (ConfigurationException)
        {
            return error; // Wrong usage, which was judged before.
        }
    }
}
