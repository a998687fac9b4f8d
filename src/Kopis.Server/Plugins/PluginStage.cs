namespace Kopis.Server.Plugins;

/// <summary>When plugins run: the sections of control/smtpplugins.</summary>
internal enum PluginStage
{
    /// <summary>Before the greeting.</summary>
    Connection,

    /// <summary>HELO and EHLO.</summary>
    Helo,

    /// <summary>AUTH, after the login was found valid.</summary>
    Auth,

    /// <summary>MAIL.</summary>
    Mail,

    /// <summary>RCPT.</summary>
    Rcpt,

    /// <summary>DATA, or the first BDAT of a message.</summary>
    Data,
}
