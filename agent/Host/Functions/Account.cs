using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>What belongs to no function (access keys, log retention), as the control plane said it last. Changes come from the agent link, one at a time.</summary>
internal sealed class Account
{
    private AccountSettings? _current;

    /// <summary>Null until a snapshot has come, from disk or from the control plane: who may call is not known then.</summary>
    public AccountSettings? Current => Volatile.Read(ref _current);

    /// <summary>Told first with what it is by then, and after each change.</summary>
    public event Action<AccountSettings>? Changed;

    /// <param name="settings">Null from a control plane that does not know of any.</param>
    public void Replace(AccountSettings? settings)
    {
        settings ??= new AccountSettings();
        if (settings.Equals(Current))
            return;
        Volatile.Write(ref _current, settings);
        Changed?.Invoke(settings);
    }
}
